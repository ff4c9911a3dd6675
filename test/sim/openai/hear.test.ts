import { readFile } from "node:fs/promises";
import { decodeMulaw, encodeMulaw, mulawSilence } from "../../../src/audio/mulaw.ts";
import { resample } from "../../../src/audio/resample.ts";
import { hearing, type Recording } from "../../../src/sim/openai/hear.ts";
import { hum } from "../../../src/sim/openai/hum.ts";
import { closeSims, phone, sim } from "./client.ts";

afterEach(closeSims);

const folder = "test/fixtures/caller";
const table = JSON.parse(await readFile(`${folder}/utterances.json`, "utf8")) as {
  id: string;
  file: string;
  text: string;
}[];
const recordings: (Recording & { id: string })[] = await Promise.all(
  table.map(async ({ id, file, text }) => ({ id, text, samples: decodeMulaw(await readFile(`${folder}/${file}`)) })),
);
const hear = hearing(recordings);

/** An utterance as the voice activity detector cuts it: some quiet before, half a second after, at any offset. */
function utterance(samples: Int16Array, rate = 8000, beforeMs = 300) {
  const all = new Int16Array(samples.length + ((beforeMs + 500) * rate) / 1000);
  all.set(samples, (beforeMs * rate) / 1000);
  return { index: 0, itemId: "item_1", startMs: 0, endMs: 0, audio: all, rate };
}

test.each(recordings.map((one) => [one.id, one] as const))(
  "hears %s, at any offset, at either rate, quieter",
  (_, { text, samples }) => {
    for (const beforeMs of [0, 103, 307.5])
      expect(hear(undefined, utterance(samples, 8000, beforeMs))).toEqual({ text });
    expect(hear(undefined, utterance(resample(samples, 8000, 24000), 24000))).toEqual({ text });
    expect(hear(undefined, utterance(samples.map((sample) => sample / 3)))).toEqual({ text });
  },
);

test("hears two in one turn, in their order", () => {
  const of = (id: string) => recordings.find((one) => one.id === id) as Recording;
  for (const pair of [
    ["okay", "tuesday-at-nine"],
    ["person", "stop"],
  ] as const) {
    const [first, second] = [of(pair[0]), of(pair[1])];
    const both = Int16Array.from([...first.samples, ...new Int16Array(2000), ...second.samples]);
    expect(hear(undefined, utterance(both))).toEqual({ text: `${first.text} ${second.text}` });
  }
});

test("hears nothing it does not know", async () => {
  const words = await hum("some other words than those", { voice: "x", rate: 8000, speed: 1 });
  expect(hear(undefined, utterance(words))).toEqual({ text: "" });
  expect(hear(undefined, utterance(new Int16Array(8000)))).toEqual({ text: "" });
});

test("a whole call is heard in whatever order it comes", async () => {
  const on = await sim({ script: { transcripts: hear } });
  const client = await phone(on, { silence_duration_ms: 500 });
  const heard: unknown[] = [];
  const order = recordings.toReversed();
  for (const { samples } of order) {
    client.append(Buffer.concat([mulawSilence(200), encodeMulaw(samples), mulawSilence(800)]));
    heard.push((await client.next("conversation.item.input_audio_transcription.completed"))["transcript"]);
  }
  expect(heard).toEqual(order.map((one) => one.text));
});
