// Whole calls over a browser's socket: the words of the plain vocabulary and live talk, interruptions, sessions that come back, and
// clients that misbehave. What the client really played is the measure of what counts as heard.
import { writeWav } from "../../src/audio/wav.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import type { CallRecord } from "../../src/core/call.ts";
import { openBrowser, type BrowserClient, type ClientOptions } from "../support/browser-client.ts";
import { until } from "../support/until.ts";
import { sideBySide, words, type Flow, type FlowOptions, type Start } from "./kit.ts";

const KEY = "browser-flow-key-0123456789abcdef";
const OTHER = "browser-flow-other-0123456789abcdef";
const AUTH = { authorization: `Bearer ${KEY}` };
const HOURS =
  "We are open from Monday to Friday. On Saturday we are open until one. On Sunday we are closed all day long.";

const settings = { API_KEYS: `desk:organization@default:${KEY},other:organization@clinic:${OTHER}` };

const begin = (start: Start, options: FlowOptions = {}): Promise<Flow> =>
  start({ ...options, settings: { ...settings, ...options.settings } });

const socketUrl = (flow: Flow, id: string, query = ""): string =>
  `${flow.url.replace("http", "ws")}/ws/voice-agent/${id}${query}`;

const open = (flow: Flow, id: string, query = "", options: ClientOptions = {}): Promise<BrowserClient> =>
  openBrowser(socketUrl(flow, id, query), { headers: AUTH, speed: flow.speed, ...options });

const live = (flow: Flow, id: string, query = ""): Promise<BrowserClient> =>
  open(flow, id, `?stream=1&format=mulaw${query}`, { plays: true });

async function recordOf(flow: Flow, callId: string, isDone = (record: CallRecord) => record.status === "completed") {
  let found: CallRecord | undefined;
  let asking = false;
  await until(
    () => `the record of ${callId}: ${JSON.stringify(found)}`,
    () => {
      if (!asking) {
        asking = true;
        void flow.app.store.get(callId).then((one) => {
          found = one;
          asking = false;
        });
      }
      return found !== undefined && isDone(found);
    },
    15_000,
  );
  return found as CallRecord;
}

const wavOf = (id: string): string => Buffer.from(writeWav([decodeMulaw(words(id).audio)], 8000)).toString("base64");

test(
  "a file of speech is a whole utterance: heard, answered, and spoken once as mp3",
  sideBySide(async (start) => {
    const flow = await begin(start, { openai: { script: { brain: () => HOURS } } });
    const client = await open(flow, "session123");
    client.send({ type: "audio_chunk", audio_data: wavOf("opening-hours"), format: "wav" });
    expect(await client.next("transcription")).toEqual({ type: "transcription", text: words("opening-hours").text });
    expect(await client.next("conversation_response")).toEqual({ type: "conversation_response", text: HOURS });
    const { audio_base64, audio_format } = await client.next("audio_response");
    expect(audio_format).toBe("mp3");
    expect(Buffer.from(String(audio_base64), "base64")[0]).toBe(0xff);
    client.send({ type: "text_input", text: "I want to order a pizza" });
    await client.next("conversation_response");
    await client.next("audio_response");
    expect(client.messages.map(({ type }) => type)).toEqual([
      "transcription",
      "conversation_response",
      "audio_response",
      "conversation_response",
      "audio_response",
    ]);
    const [call] = await flow.app.store.list({ limit: 5 });
    client.close();
    const record = await recordOf(flow, call?.callId ?? "");
    expect(record).toMatchObject({ channel: "browser", endReason: "caller-hangup", orgId: "default" });
    expect(record.turns.map(({ by, text }) => [by, text])).toEqual([
      ["speech", words("opening-hours").text],
      ["text", "I want to order a pizza"],
    ]);
    expect(record.replies.map(({ kind, heard, interrupted }) => [kind, heard, interrupted])).toEqual([
      ["reply", HOURS, false],
      ["reply", HOURS, false],
    ]);
  }),
);

test(
  "live talk: greeted, heard as one speaks, answered as it is made; the goodbye ends it",
  sideBySide(async (start) => {
    const flow = await begin(start);
    const client = await live(flow, "live-1");
    const session = await client.next("session");
    expect(session).toMatchObject({
      session_id: "live-1",
      organization: "default",
      format: "mulaw",
      sample_rate: 8000,
    });
    expect(client.messages[0]?.type).toBe("session");
    expect(await client.next("state")).toMatchObject({ conversation_state: "greeting" });
    await client.next("conversation_response");
    await client.speak(words("opening-hours").audio);
    client.send({ type: "audio_end" });
    await client.next("speech_started");
    await client.next("speech_stopped");
    expect(await client.next("transcription")).toMatchObject({ text: words("opening-hours").text });
    expect(
      client
        .of("transcription_delta")
        .map(({ text }) => text)
        .join(""),
    ).toBe(words("opening-hours").text);
    expect(await client.next("state")).toMatchObject({ conversation_state: "intake" });
    const { reply_id, text } = await client.next("conversation_response");
    const said = client.of("response_delta").filter((one) => one["reply_id"] === reply_id);
    expect(said.map((one) => one["text"]).join(" ")).toBe(text);
    expect(client.of("audio_delta").some((one) => one["reply_id"] === reply_id)).toBe(true);
    await client.speak(words("goodbye").audio);
    client.send({ type: "audio_end" });
    expect(await client.next("tool")).toMatchObject({ name: "end_call", state: "running" });
    expect(await client.next("tool")).toMatchObject({ name: "end_call", state: "ok" });
    expect(await client.next("ended", 30_000)).toEqual({ type: "ended", reason: "agent-hangup" });
    expect((await client.whenClosed()).code).toBe(1000);
    const record = await recordOf(flow, String(session["call_id"]));
    expect(record.endReason).toBe("agent-hangup");
    const heardMs = record.replies.reduce((sum, one) => sum + one.heardMs, 0);
    expect(Math.abs(heardMs - client.playedMs())).toBeLessThan(flow.within(100));
  }),
);

test(
  "an interruption clears what was not played, and only what was played counts as heard",
  sideBySide(async (start) => {
    const flow = await begin(start, {
      speed: 2,
      openai: { script: { brain: ({ text }) => (text.includes("opening hours") ? HOURS : "All right.") } },
    });
    const client = await live(flow, "live-2");
    const { call_id } = await client.next("session");
    await client.next("conversation_response");
    await client.speak(words("opening-hours").audio);
    client.send({ type: "audio_end" });
    await client.next("transcription");
    const before = client.playedMs();
    await until("three seconds of the answer", () => client.playedMs() - before > 3000, 20_000);
    await client.speak(words("how-long").audio);
    client.send({ type: "audio_end" });
    await client.next("clear");
    const { heard_text, reply_id } = await client.next("response_cut");
    expect(HOURS.startsWith(String(heard_text))).toBe(true);
    expect(String(heard_text)).toContain("Monday");
    expect(String(heard_text).length).toBeLessThan(HOURS.length);
    expect(client.droppedMs()).toBeGreaterThan(0);
    expect(await client.next("transcription")).toMatchObject({ text: words("how-long").text });
    expect(await client.next("conversation_response")).toMatchObject({ text: "All right." });
    const clearAt = client.messages.findIndex(({ type }) => type === "clear");
    expect(
      client.messages
        .slice(clearAt)
        .filter((one) => one["reply_id"] === reply_id)
        .map(({ type }) => type),
    ).toEqual(["response_cut"]);
    client.send({ type: "end" });
    expect(await client.next("ended")).toEqual({ type: "ended", reason: "caller-hangup" });
    const record = await recordOf(flow, String(call_id));
    const heardMs = record.replies.reduce((sum, one) => sum + one.heardMs, 0);
    expect(Math.abs(heardMs - client.playedMs())).toBeLessThan(flow.within(150));
  }),
);
