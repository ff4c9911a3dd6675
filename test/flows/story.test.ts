// The story of the demo, in every way the assistant can think: what the caller says becomes turns, the answers are heard, the
// goodbye is heard to its end, and the record tells all of it.
import type { CallerScript } from "../../src/sim/twilio/index.ts";
import { answer, complaints, heardReplies, listen, playedMs, sideBySide, words, type Start } from "./kit.ts";

const STORY: CallerScript = [
  ...answer("opening-hours"),
  ...answer("book-oil-change"),
  ...answer("tuesday-at-nine"),
  { do: "interrupt", afterMs: 3200, ...words("make-it-thursday") },
  listen(),
  { do: "press", digits: "1#" },
  ...answer("goodbye"),
  { do: "wait-for-hang-up", timeoutMs: 20_000 },
];

const MODES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  responses: { THREAD_CLIENT: "responses" },
  chat: { THREAD_CLIENT: "chat" },
  assistants: { THREAD_CLIENT: "assistants", AGENT_WORKFLOW_ID: "asst_sim" },
  "speech-to-speech": { VOICE_MODE: "speech-to-speech" },
};

async function tell(start: Start, settings: Readonly<Record<string, string>>): Promise<void> {
  const flow = await start({ settings });
  const { result, record } = await flow.run(STORY);

  expect(result.scriptError).toBeUndefined();
  expect(complaints(result)).toEqual([]);
  expect(result).toMatchObject({ status: "completed", endedBy: "hangup-verb", streamCloseCode: 1000 });
  expect(record).toMatchObject({ status: "completed", endReason: "agent-hangup", carrierStatus: "completed" });
  expect(record.turns.map(({ by, text }) => `${by}: ${text}`)).toEqual([
    ...["opening-hours", "book-oil-change", "tuesday-at-nine", "make-it-thursday"].map(
      (id) => `speech: ${words(id).text}`,
    ),
    "keypad: [keypad] 1",
    `speech: ${words("goodbye").text}`,
  ]);
  expect(record.turns.map(({ turn }) => turn)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(record.tools.map(({ name, result: outcome }) => `${name} ${outcome}`)).toEqual(["end_call ok"]);

  const [greeting] = record.replies;
  expect(greeting).toMatchObject({ kind: "greeting", cut: "", interrupted: false });
  const cut = record.replies.filter(({ interrupted }) => interrupted);
  expect(cut.map(({ kind }) => kind)).toEqual(["reply"]);
  const heard = heardReplies(record).join(" ");
  for (const sentence of [
    /open Monday to Friday/,
    /book an oil change for you/,
    /Tuesday at nine is free/,
    /Thursday at nine/,
    /appointment is confirmed/,
    /goodbye\.$/i,
  ])
    expect(heard).toMatch(sentence);

  // The goodbye was heard to its end, and only then the line went.
  const goodbye = record.replies.findLast(({ kind }) => kind === "reply");
  expect(goodbye).toMatchObject({ cut: "", interrupted: false });
  expect(goodbye?.heardMs).toBe(goodbye?.generatedMs);
  const [stream] = result.streams;
  expect(stream?.media.at(-1)).toMatchObject({ played: stream?.media.at(-1)?.bytes });
  expect(stream?.invalid).toEqual([]);

  // What the record believes to have been heard is what the phone played; interruptions.test.ts looks closer, at less speed.
  const believedMs = record.replies.reduce((sum, { heardMs }) => sum + heardMs, 0);
  expect(Math.abs(believedMs - playedMs(result))).toBeLessThan(flow.within(100));
  expect(record.usage).not.toEqual({});
  expect(await flow.callsActive()).toBe(0);
}

for (const [mode, settings] of Object.entries(MODES))
  test(
    mode,
    sideBySide((start) => tell(start, settings)),
  );
