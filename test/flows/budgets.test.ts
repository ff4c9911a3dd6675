// Whole calls and what they cost: by what the far sides said was used, and up to what their organization allows.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Flow, OrganizationInput } from "./kit.ts";
import { answer, heardReplies, listen, sideBySide } from "./kit.ts";

const SHOP_NUMBER = "+15550004444";
const PRICES = {
  currency: "USD",
  models: {
    "gpt-realtime-2.1": {
      per_million_tokens: {
        input: 4,
        cached_input: 0.5,
        output: 16,
        audio_input: 32,
        cached_audio_input: 0.25,
        audio_output: 64,
      },
    },
    "gpt-live-transcribe": { per_million_tokens: { input: 2, audio_input: 6, output: 10 } },
    "gpt-6-luna": { per_million_tokens: { input: 3, cached_input: 1, output: 12 } },
  },
  carrier: { per_minute: 0.0085 },
};

// Before anything runs: the bodies of these tests begin while their file's own hooks do.
const folder = mkdtempSync(join(tmpdir(), "voicebridge-prices-"));
const settings = { PRICES_FILE: join(folder, "prices.json") };
writeFileSync(settings.PRICES_FILE, JSON.stringify(PRICES));
afterAll(() => rmSync(folder, { recursive: true }));

const shop = (limits: OrganizationInput["limits"]): Record<string, OrganizationInput> => ({
  shop: { name: "Shop", numbers: [SHOP_NUMBER], limits },
});
const WAIT = { do: "wait-for-hang-up", timeoutMs: 60_000 } as const;
const CALL = [...answer("opening-hours"), ...answer("book-oil-change"), ...answer("goodbye"), WAIT];
/** Somebody who goes on asking. */
const TALK = ["opening-hours", "book-oil-change", "tuesday-at-nine", "how-long", "opening-hours", "how-long"].flatMap(
  (id) => answer(id),
);
const TALKATIVE = [...TALK, WAIT];

interface Told {
  readonly input_tokens: number;
  readonly input_token_details: {
    readonly text_tokens: number;
    readonly audio_tokens: number;
    readonly cached_tokens_details?: { readonly text_tokens: number; readonly audio_tokens: number };
  };
  readonly output_tokens: number;
  readonly output_token_details?: { readonly text_tokens: number; readonly audio_tokens: number };
}

/** What the voice's side says it was used for, priced by hand. */
function voiceCost(flow: Flow): number {
  let sum = 0;
  for (const session of flow.openai.sessions) {
    for (const { event } of session.sent.of("response.done")) {
      const { usage } = (event as unknown as { response: { usage: Told | null } }).response;
      if (!usage) continue;
      const { text_tokens: text, audio_tokens: audio, cached_tokens_details: cached } = usage.input_token_details;
      const [cachedText, cachedAudio] = [cached?.text_tokens ?? 0, cached?.audio_tokens ?? 0];
      sum += (text - cachedText) * 4 + cachedText * 0.5 + (audio - cachedAudio) * 32 + cachedAudio * 0.25;
      sum += (usage.output_token_details?.text_tokens ?? 0) * 16 + (usage.output_token_details?.audio_tokens ?? 0) * 64;
    }
    for (const { event } of session.sent.of("conversation.item.input_audio_transcription.completed")) {
      const { usage } = event as unknown as { usage: Told };
      sum += usage.input_token_details.audio_tokens * 6 + usage.output_tokens * 10;
    }
  }
  return sum / 1_000_000;
}

const MODES: Record<string, Record<string, string>> = {
  "the assistant thinks": {},
  "the voice answers by itself": { VOICE_MODE: "speech-to-speech" },
};

for (const [mode, more] of Object.entries(MODES))
  test(
    `a call costs what the far sides say was used, cached tokens their own price: ${mode}`,
    sideBySide(async (start) => {
      const flow = await start({ settings: { ...settings, ...more } });
      const { record } = await flow.run(CALL);
      expect(record.endReason).toBe("agent-hangup");
      const { usage } = record;
      const of = (name: string): number => usage[name] ?? 0;
      const thread =
        ((of("thread_input_tokens") - of("thread_cached_input_tokens")) * 3 +
          of("thread_cached_input_tokens") +
          of("thread_output_tokens") * 12) /
        1_000_000;
      const carrier = of("carrier_minutes") * 0.0085;
      const voice = voiceCost(flow);
      expect(voice).toBeGreaterThan(0.01);
      expect(record.cost).toBeCloseTo(voice + thread + carrier, 5);
      // It would be dearer if cached tokens were paid for twice, as sums that contain them suggest.
      if (mode === "the voice answers by itself") expect(of("voice_cached_tokens")).toBeGreaterThan(0);
      else expect(thread).toBeGreaterThan(0);
      const metric = async (kind: string): Promise<number> => flow.metric("voice_cost_usd_total", { kind });
      expect(await metric("carrier")).toBeCloseTo(carrier, 6);
      expect(await metric("thread")).toBeCloseTo(thread, 6);
      expect((await metric("voice")) + (await metric("transcription"))).toBeCloseTo(voice, 6);
    }),
  );

test(
  "without prices a call shows what was used, and no cost",
  sideBySide(async (start) => {
    const flow = await start();
    const { record } = await flow.run(CALL);
    expect(record).not.toHaveProperty("cost");
    expect(Object.keys(record.usage)).toEqual(
      expect.arrayContaining(["voice_output_tokens", "thread_input_tokens", "carrier_minutes", "gpt-6-luna:input"]),
    );
    expect(
      await flow.app.organizations.merge("shop", shop({ spend_per_call: 1 }).shop ?? {}, {
        by: "ada",
        mayCreate: true,
      }),
    ).toEqual({
      kind: "invalid",
      issues: [
        expect.objectContaining({ pointer: "/limits/spend_per_call", detail: expect.stringMatching(/PRICES_FILE/) }),
      ],
    });
  }),
);

test(
  "a limit of money ends the call in the middle, with a notice, and the next one is answered",
  sideBySide(async (start) => {
    const flow = await start({ settings, organizations: shop({ spend_per_call: 0.03 }) });
    const { record, result } = await flow.run(TALKATIVE, { to: SHOP_NUMBER });
    expect(record).toMatchObject({ endReason: "spend-limit", status: "completed" });
    expect(record.cost).toBeGreaterThanOrEqual(0.03);
    expect(record.cost).toBeLessThan(0.06);
    expect(heardReplies(record, "notice").at(-1)).toMatch(/out of time/);
    expect(record.replies.at(-1)).toMatchObject({ kind: "notice", cut: "" });
    expect(result.endedBy).toBe("hangup-verb");
    const next = await flow.run([listen(), WAIT], { to: SHOP_NUMBER, maxMs: 8000 });
    expect(heardReplies(next.record, "greeting")).toHaveLength(1);
  }),
);

const BY_DAY = [
  ["money", { spend_per_day: 0.03 }, "spend-limit"],
  ["minutes", { minutes_per_day: 1 }, "time-limit"],
] as const;

for (const [what, limits, reason] of BY_DAY)
  test(
    `the day's ${what} end the call in the middle, with a notice, and later ones are told that the lines are busy`,
    sideBySide(async (start) => {
      const flow = await start({ settings, organizations: shop(limits) });
      const { record } = await flow.run(TALKATIVE, { to: SHOP_NUMBER });
      expect(record.endReason).toBe(reason);
      expect(record.turns.length).toBeGreaterThan(0);
      expect(heardReplies(record, "notice").at(-1)).toMatch(/out of time/);
      const next = await flow.run([WAIT], { to: SHOP_NUMBER });
      expect(next.record).toMatchObject({ orgId: "shop", endReason: "rejected" });
      expect(next.result.says.join(" ")).toMatch(/lines are busy/);
      expect((await flow.run([...answer("goodbye"), WAIT])).record.endReason).toBe("agent-hangup");
    }),
  );
