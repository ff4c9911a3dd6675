import { BadRequestError, NotFoundError, toFile } from "openai";
import { pcmSamples, peakDbfs } from "../../../src/audio/pcm.ts";
import { readWav, writeWav } from "../../../src/audio/wav.ts";
import { hum, humMs } from "../../../src/sim/openai/hum.ts";
import { closeSims, sim } from "./client.ts";
import { all, official, raw } from "./rest-client.ts";

afterEach(closeSims);

const speech = await hum("book an oil change", { voice: "x", rate: 8000, speed: 1 });
const wav = writeWav([speech], 8000);
const before = () => Date.parse("2026-11-20");
const files: { name: string; bytes: Uint8Array; model: string }[] = [];
const script = {
  hearFile: (file: { name: string; bytes: Uint8Array; model: string }) => {
    files.push(file);
    return "Book an oil change.";
  },
};

describe("transcriptions", () => {
  test("as JSON, as text, streamed; the file arrives byte for byte", async () => {
    const openai = official(await sim({ now: before, script }));
    const request = { model: "gpt-transcribe", language: "en" };
    const file = () => toFile(wav, "utterance.wav", { type: "audio/wav" });
    const json = await openai.audio.transcriptions.create({ ...request, file: await file() });
    expect(json).toMatchObject({ text: "Book an oil change.", usage: { type: "tokens" } });
    expect(files.at(-1)).toMatchObject({ name: "utterance.wav", model: "gpt-transcribe" });
    expect(Buffer.from(files.at(-1)?.bytes ?? []).equals(Buffer.from(wav))).toBe(true);
    const text = await openai.audio.transcriptions.create({ ...request, file: await file(), response_format: "text" });
    expect(text).toBe("Book an oil change.\n");
    const events = await all(
      await openai.audio.transcriptions.create({ ...request, file: await file(), stream: true }),
    );
    expect(events[0]?.type).toBe("transcript.text.delta");
    expect(events.at(-1)).toMatchObject({ type: "transcript.text.done", text: "Book an oil change." });
    expect(events.map((event) => (event.type === "transcript.text.delta" ? event.delta : "")).join("")).toBe(
      "Book an oil change.",
    );
    const old = await openai.audio.transcriptions.create({
      model: "whisper-1",
      file: await file(),
      response_format: "verbose_json",
    });
    expect(old.text).toBe("Book an oil change.");
    expect(old.duration).toBeCloseTo(speech.length / 8000, 3);
  });

  test.each([
    ["no audio by its name", "notes.txt", wav, "gpt-transcribe", {}],
    ["no audio inside", "x.wav", Buffer.from("hello, I am text"), "gpt-transcribe", {}],
    ["an MP3 by its name only", "x.mp3", Buffer.from("hello, I am text ".repeat(50)), "gpt-transcribe", {}],
    ["too short", "x.wav", writeWav([speech.subarray(0, 100)], 8000), "gpt-transcribe", {}],
    ["a format of another model", "x.wav", wav, "gpt-transcribe", { response_format: "verbose_json" as const }],
  ])("refused: %s", async (_, name, bytes, model, more) => {
    const openai = official(await sim({ now: before }));
    await expect(
      openai.audio.transcriptions.create({ model, file: await toFile(bytes, name), ...more }),
    ).rejects.toThrow(BadRequestError);
  });

  test("refused: no file, no model, an unknown field, a text model, no form", async () => {
    const on = await sim({ now: before });
    const post = async (fill: (form: FormData) => void) => {
      const body = new FormData();
      fill(body);
      const headers = { authorization: `Bearer ${on.apiKey}` };
      const response = await fetch(`${on.baseUrl}/audio/transcriptions`, { method: "POST", headers, body });
      return [response.status, ((await response.json()) as { error: { param: string } }).error.param];
    };
    const file = new Blob([Buffer.from(wav)]);
    expect(await post((form) => form.set("model", "gpt-transcribe"))).toEqual([400, "file"]);
    expect(await post((form) => form.set("file", file, "x.wav"))).toEqual([400, "model"]);
    const whole = (form: FormData, model: string) => {
      form.set("file", file, "x.wav");
      form.set("model", model);
    };
    expect(await post((form) => (whole(form, "gpt-transcribe"), form.set("wobble", "1")))).toEqual([400, "wobble"]);
    expect(await post((form) => whole(form, "gpt-6-luna"))).toEqual([404, null]);
    expect((await raw(on, "POST", "/audio/transcriptions", { model: "gpt-transcribe" })).status).toBe(400);
  });
});

describe("speech", () => {
  const request = { model: "gpt-4o-mini-tts", voice: "ash", input: "We are open until six." } as const;

  test("as headerless 24 kHz PCM and as WAV, its own speed honoured", async () => {
    const openai = official(await sim({ now: before }));
    const pcm = await openai.audio.speech.create({ ...request, response_format: "pcm" });
    expect(pcm.headers.get("content-type")).toBe("audio/pcm");
    const bytes = new Uint8Array(await pcm.arrayBuffer());
    expect(Math.abs(bytes.length / 48 - humMs(request.input))).toBeLessThan(2);
    expect(peakDbfs(pcmSamples(bytes))).toBeGreaterThan(-12);
    const file = readWav(
      new Uint8Array(await (await openai.audio.speech.create({ ...request, response_format: "wav" })).arrayBuffer()),
    );
    expect(file).toMatchObject({ rate: 24000, encoding: "pcm16" });
    expect(file.channels[0]).toEqual(pcmSamples(bytes));
    const fast = await openai.audio.speech.create({ ...request, response_format: "pcm", speed: 2 });
    expect((await fast.arrayBuffer()).byteLength).toBeLessThan(bytes.length * 0.6);
  });

  test("as MP3, which it is without being asked, and hears again", async () => {
    const heard: number[] = [];
    const openai = official(
      await sim({
        now: before,
        script: {
          hearFile: ({ audio, rate }) => {
            heard.push((audio?.length ?? 0) / (rate ?? 1));
            return "Until six.";
          },
        },
      }),
    );
    const spoken = await openai.audio.speech.create(request);
    expect(spoken.headers.get("content-type")).toBe("audio/mpeg");
    const file = await toFile(Buffer.from(await spoken.arrayBuffer()), "reply.mp3");
    expect(await openai.audio.transcriptions.create({ model: "gpt-transcribe", file })).toMatchObject({
      text: "Until six.",
    });
    expect(Math.abs((heard[0] ?? 0) * 1000 - humMs(request.input))).toBeLessThan(200);
  });

  test("as events", async () => {
    const on = await sim({ now: before });
    const response = await official(on).audio.speech.create({
      ...request,
      response_format: "pcm",
      stream_format: "sse",
    });
    const events = (await response.text())
      .split("\n\n")
      .filter(Boolean)
      .map((block) => JSON.parse(block.slice(6)) as { type: string; audio?: string });
    expect(events.at(-1)).toMatchObject({ type: "speech.audio.done", usage: { total_tokens: expect.any(Number) } });
    const audio = Buffer.concat(events.slice(0, -1).map((event) => Buffer.from(event.audio ?? "", "base64")));
    expect(Math.abs(audio.length / 48 - humMs(request.input))).toBeLessThan(2);
    expect(Buffer.from(events[0]?.audio ?? "", "base64").length % 2).toBe(1);
  });

  test.each([
    [{ input: "x".repeat(4097) }, "input"],
    [{ voice: "robot" }, "voice"],
    [{ speed: 5 }, "speed"],
    [{ response_format: "opus" }, "response_format"],
    [{ response_format: "midi" }, "response_format"],
    [{ model: "tts-1", instructions: "whisper" }, "instructions"],
    [{ model: "tts-1", stream_format: "sse" }, "stream_format"],
    [{ input: undefined }, "input"],
  ])("refused: %#", async (body, param) => {
    const on = await sim({ now: before });
    const answer = await raw(on, "POST", "/audio/speech", { ...request, response_format: "pcm", ...body });
    expect(answer).toMatchObject({ status: 400, body: { error: { param } } });
  });

  test("its models end on 2027-01-06", async () => {
    const openai = official(await sim({ now: () => Date.parse("2027-01-06") }));
    await expect(openai.audio.speech.create({ ...request, response_format: "pcm" })).rejects.toThrow(NotFoundError);
  });
});
