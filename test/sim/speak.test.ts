import { readFile } from "node:fs/promises";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { peakDbfs, rmsDbfs } from "../../src/audio/pcm.ts";
import { createVad } from "../../src/sim/openai/realtime/vad.ts";
import { createSpeaker, espeakVoice, speak, speakMulaw, speakPcm24k } from "../../src/sim/speak.ts";

interface Phrase {
  id: string;
  file: string;
  text: string;
  ms: number;
}

async function phrases(folder: string, index: string): Promise<(Phrase & { bytes: Buffer })[]> {
  const table = JSON.parse(await readFile(`${folder}/${index}`, "utf8")) as Phrase[];
  return await Promise.all(
    table.map(async (entry) => ({ ...entry, bytes: await readFile(`${folder}/${entry.file}`) })),
  );
}

describe("espeak-ng", () => {
  test("speaks as long as a person does, loud and without clipping, and remembers it", async () => {
    const bytes = await speakMulaw("How can I help you today?");
    expect(bytes.length / 8).toBeGreaterThan(900);
    expect(bytes.length / 8).toBeLessThan(2500);
    const samples = decodeMulaw(bytes);
    expect(peakDbfs(samples)).toBeGreaterThan(-3.3);
    expect(peakDbfs(samples)).toBeLessThan(-2.7);
    expect(rmsDbfs(samples)).toBeGreaterThan(-26);
    expect(await speak("How can I help you today?", 8000)).toBe(await speak("How can I help you today?", 8000));
  });

  test("has no silence at its ends", async () => {
    const samples = await speak("Okay.", 8000);
    expect(rmsDbfs(samples, 0, 400)).toBeGreaterThan(-45);
    expect(rmsDbfs(samples, samples.length - 400)).toBeGreaterThan(-45);
  });

  test("the two voices differ, a faster rate is shorter, 24 kHz lasts as long", async () => {
    const text = "Tuesday at nine, please.";
    const agent = await speak(text, 8000);
    const caller = await speak(text, 8000, { voice: "caller" });
    expect(caller).not.toEqual(agent);
    expect((await speak(text, 8000, { rate: 250 })).length).toBeLessThan(agent.length * 0.8);
    expect(Math.abs((await speakPcm24k(text)).length / 48 - agent.length / 8)).toBeLessThan(30);
    expect(await espeakVoice(text, { voice: "marin", rate: 8000, speed: 1 })).toEqual(agent);
  });

  test("an unknown voice is named", async () => {
    await expect(speak("Hello", 8000, { voice: "xx-nobody" })).rejects.toThrow('no voice "xx-nobody"');
  });

  test("a missing package is named, with what to do", async () => {
    const speaker = createSpeaker(() => Promise.reject(new Error("Cannot find package")));
    await expect(speaker("Hello", 8000)).rejects.toThrow(
      /development dependency @echogarden\/espeak-ng-emscripten: run "npm install"/,
    );
  });
});

describe.each([
  ["assets/clips", "clips.json"],
  ["test/fixtures/caller", "utterances.json"],
])("%s", (folder, index) => {
  test("is what its table says, audible and not clipped", async () => {
    for (const phrase of await phrases(folder, index)) {
      expect(phrase.bytes.length).toBe(phrase.ms * 8);
      expect(phrase.bytes.length % 160).toBe(0);
      const samples = decodeMulaw(phrase.bytes);
      expect(peakDbfs(samples)).toBeGreaterThan(-4);
      expect(peakDbfs(samples)).toBeLessThan(-2);
      expect(rmsDbfs(samples)).toBeGreaterThan(-26);
    }
  });
});

test("each utterance of the caller is one turn to a voice activity detector", async () => {
  for (const phrase of await phrases("test/fixtures/caller", "utterances.json")) {
    const vad = createVad({ rate: 8000, threshold: 0.5, prefixMs: 0, silenceMs: 500 }, 0);
    const quiet = new Int16Array(8000);
    const events = [quiet, decodeMulaw(phrase.bytes), quiet].flatMap((part) => vad.push(part));
    expect([phrase.id, ...events.map((event) => event.type)]).toEqual([phrase.id, "started", "stopped"]);
    expect(Math.abs((events[0]?.atMs ?? 0) - 1000)).toBeLessThan(120);
  }
});
