// Usage as it is billed: no token is counted twice, and what is not told apart counts as what costs more.
import { responseUsage, transcriptionUsage } from "../../src/speech/usage.ts";
import type { RealtimeResponse } from "../../src/wire/openai-realtime.ts";

const billedOf = (usage: RealtimeResponse["usage"]) => {
  const told = responseUsage({ id: "r", status: "completed", usage }, "m");
  return told?.billed;
};
const heard = (usage: Parameters<typeof transcriptionUsage>[0]["usage"]) =>
  transcriptionUsage({ usage } as Parameters<typeof transcriptionUsage>[0], "t")?.billed;

describe("a reply of the voice", () => {
  test("cached tokens are taken out of those they are told among", () => {
    const usage = {
      input_tokens: 1000,
      output_tokens: 120,
      input_token_details: {
        text_tokens: 700,
        audio_tokens: 300,
        cached_tokens: 768,
        cached_tokens_details: { text_tokens: 640, audio_tokens: 128 },
      },
      output_token_details: { text_tokens: 20, audio_tokens: 100 },
    };
    const told = responseUsage({ id: "r", status: "completed", usage }, "m");
    expect(told?.billed).toEqual({
      purpose: "voice",
      model: "m",
      counts: {
        input: 60,
        cached_input: 640,
        audio_input: 172,
        cached_audio_input: 128,
        audio_output: 100,
        output: 20,
      },
    });
    expect(told?.usage).toEqual({
      voice_input_tokens: 1000,
      voice_input_audio_tokens: 300,
      voice_cached_tokens: 768,
      voice_output_tokens: 120,
      voice_output_audio_tokens: 100,
    });
    expect(Object.values(told?.billed.counts ?? {}).reduce((sum, count) => sum + count, 0)).toBe(1120);
  });

  test.each([
    ["no kinds at all: audio", { input_tokens: 50, output_tokens: 9 }, { audio_input: 50, audio_output: 9 }],
    [
      "text alone: the rest is audio",
      { input_tokens: 50, output_tokens: 9, input_token_details: { text_tokens: 20 }, output_token_details: {} },
      { input: 20, audio_input: 30, audio_output: 9 },
    ],
    [
      "cached, of no kind: text first, which saves less",
      { input_tokens: 50, input_token_details: { text_tokens: 20, audio_tokens: 30, cached_tokens: 32 } },
      { cached_input: 20, audio_input: 18, cached_audio_input: 12 },
    ],
    [
      "more cached than there is: never less than nothing",
      { input_tokens: 10, input_token_details: { text_tokens: 10, audio_tokens: 0, cached_tokens: 64 } },
      { cached_input: 10 },
    ],
  ])("%s", (_, usage, counts) => {
    expect(billedOf(usage)?.counts).toEqual(counts);
  });

  test("nothing told is no usage", () => {
    expect(billedOf(undefined)).toBeUndefined();
    expect(billedOf({})).toBeUndefined();
  });
});

describe("a transcription", () => {
  test("by its length", () => {
    expect(heard({ type: "duration", seconds: 4.2 })).toEqual({
      purpose: "transcription",
      model: "t",
      counts: { seconds: 4.2 },
    });
  });

  test("by tokens: those that are not text are audio", () => {
    const usage = {
      type: "tokens",
      total_tokens: 57,
      input_tokens: 50,
      input_token_details: { text_tokens: 8, audio_tokens: 42 },
      output_tokens: 7,
    };
    expect(heard(usage)?.counts).toEqual({ input: 8, audio_input: 42, output: 7 });
    expect(heard({ total_tokens: 57, output_tokens: 7 })?.counts).toEqual({ audio_input: 50, output: 7 });
    expect(heard(undefined)).toBeUndefined();
  });
});
