// Whole calls that are recorded: what the server kept against what the simulated caller itself recorded, with consent first; and calls
// that are not, which leave nothing on the disk.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { readWav } from "../../src/audio/wav.ts";
import type { CallRecord } from "../../src/core/call.ts";
import { emptyFolder } from "../support/child.ts";
import { answer, complaints, heardReplies, listen, say, sideBySide, words, type OrganizationInput } from "./kit.ts";

const NUMBER = "+15550007777";
const KEY = "flows-reader-key-0123456789";
const SETTINGS = { API_KEYS: `flows:read:${KEY}` };
const HELLO = "Lakeside Clinic, an AI is speaking.";
const MOST_OFF_MS = 40;

const clinic = (recording: OrganizationInput["recording"]): Readonly<Record<string, OrganizationInput>> => ({
  clinic: { numbers: [NUMBER], greeting: HELLO, recording },
});
const GOODBYE = [...answer("goodbye"), { do: "wait-for-hang-up", timeoutMs: 20_000 } as const];

/** Each test has a disk of its own: what is on it is looked at. */
async function onDisk(body: (dataDir: string) => Promise<void>): Promise<void> {
  const folder = await emptyFolder();
  try {
    await body(folder.path);
  } finally {
    await folder.remove();
  }
}

const notes = ({ timeline }: CallRecord): string[] => timeline.map(({ what }) => what);
const atMs = ({ timeline }: CallRecord, wanted: string): number =>
  timeline.find(({ what }) => what === wanted)?.atMs ?? NaN;

/** How loud each ms is. */
function envelope(samples: Int16Array): Float64Array {
  const out = new Float64Array(Math.floor(samples.length / 8));
  for (let ms = 0; ms < out.length; ms++)
    for (let at = ms * 8; at < ms * 8 + 8; at++) out[ms] = (out[ms] as number) + Math.abs(samples[at] as number);
  return out;
}

/** How alike two envelopes are, -1 to 1, with the second `by` ms later. */
function likeness(one: Float64Array, other: Float64Array, by: number): number {
  let product = 0;
  let first = 0;
  let second = 0;
  for (let at = Math.max(0, -by); at < one.length && at + by < other.length; at++) {
    const a = one[at] as number;
    const b = other[at + by] as number;
    product += a * b;
    first += a * a;
    second += b * b;
  }
  return first > 0 && second > 0 ? product / Math.sqrt(first * second) : 0;
}

/** The shift of `other` against `one` at which they are most alike, between two limits, ms. */
function bestShift(one: Float64Array, other: Float64Array, from: number, to: number) {
  let best = { byMs: 0, likeness: -1 };
  for (let byMs = from; byMs <= to; byMs++) {
    const found = likeness(one, other, byMs);
    if (found > best.likeness) best = { byMs, likeness: found };
  }
  return best;
}

const WINDOW_MS = 1000;
const LOUD = 8 * 100;

/** Second by second, where there is sound: how far it is from where it was heard, and how much it is the same. */
function shifts(channel: Float64Array, whole: Float64Array, originMs: number) {
  const found: { byMs: number; likeness: number }[] = [];
  for (let at = 0; at + WINDOW_MS <= channel.length; at += WINDOW_MS / 2) {
    const part = channel.subarray(at, at + WINDOW_MS);
    if (part.filter((loudness) => loudness > LOUD).length < WINDOW_MS / 2) continue;
    const reach = 200;
    const around = whole.subarray(originMs + at - reach, originMs + at + WINDOW_MS + reach);
    const { byMs, likeness: alike } = bestShift(part, around, 0, 2 * reach);
    found.push({ byMs: byMs - reach, likeness: alike });
  }
  return found;
}

test(
  "what is kept is what the caller said and heard, both in their places, from the notice on",
  sideBySide(async (start) => {
    const flow = await start({
      settings: SETTINGS,
      organizations: clinic({ enabled: true, consent: "announce" }),
      speed: 4,
    });
    const { result, record } = await flow.run(
      [
        ...answer("opening-hours"),
        { do: "wait-for-agent" },
        { do: "interrupt", afterMs: 900, ...words("how-long") },
        ...GOODBYE,
      ],
      { to: NUMBER },
    );
    expect(complaints(result)).toEqual([]);
    expect(heardReplies(record, "greeting")).toEqual([`${HELLO} This call is recorded.`]);
    expect(record.recording).toMatchObject({ file: `${record.callId}.wav`, consent: "not-needed" });
    expect(Date.parse(record.recording?.consentAt ?? "")).toBeGreaterThan(Date.parse(record.startedAt));
    expect(notes(record).indexOf("recording consent")).toBeLessThan(notes(record).indexOf("recording begins"));
    expect(atMs(record, "recording begins")).toBeGreaterThan(record.replies[0]?.heardMs ?? Infinity);

    const answered = await fetch(`${flow.url}/api/calls/${record.callId}/recording`, {
      headers: { authorization: `Bearer ${KEY}`, connection: "close" },
    });
    expect(answered.status).toBe(200);
    const { rate, channels } = readWav(new Uint8Array(await answered.arrayBuffer()));
    const [left, right] = channels as [Int16Array, Int16Array];
    expect([rate, channels.length]).toEqual([8000, 2]);
    expect(Math.abs(left.length / 8 - (record.recording?.durationMs ?? 0))).toBeLessThan(2);

    const spoken = envelope(decodeMulaw(result.spoken));
    const heard = envelope(decodeMulaw(result.heard));
    const said = bestShift(envelope(left), spoken, 0, spoken.length - left.length / 8 + 500);
    expect(said.likeness).toBeGreaterThan(0.9);
    const found = shifts(envelope(right), heard, said.byMs);
    expect(found.length).toBeGreaterThan(6);
    const offMs = found.map(({ byMs }) => Math.abs(byMs)).sort((one, other) => one - other);
    expect(offMs[Math.floor(offMs.length / 2)]).toBeLessThanOrEqual(MOST_OFF_MS);
    // A machine that holds its programs up moves single sounds; and at an interruption one second is of two pieces.
    expect(offMs.at(-1)).toBeLessThanOrEqual(flow.within(MOST_OFF_MS));
    expect(found.filter(({ likeness: alike }) => alike > 0.9).length / found.length).toBeGreaterThan(0.75);
    // Nothing is in it of what was said before the notice was over.
    expect(said.byMs).toBeGreaterThan((record.replies[0]?.heardMs ?? Infinity) - 100);
    expect(await flow.metric("voice_recordings_total", { result: "complete" })).toBe(1);
    expect(await flow.metric("voice_recordings_active")).toBe(0);
    expect(await flow.metric("voice_frames_dropped_total", { leg: "recording" })).toBe(0);
  }),
);

test(
  "asked by a key: 1 records, 2 does not, and neither is taken for anything else",
  sideBySide((start) =>
    onDisk(async (dataDir) => {
      const flow = await start({ settings: { DATA_DIR: dataDir }, organizations: clinic({ enabled: true }) });
      const press = (digits: string) => [listen(), { do: "press", digits } as const, { do: "pause", ms: 500 } as const];
      const yes = await flow.run([...press("1"), say("opening-hours"), ...GOODBYE], { to: NUMBER });
      expect(yes.record.recording?.consent).toBe("given");
      expect(yes.record.turns.map(({ by }) => by)).not.toContain("keypad");
      const no = await flow.run([...press("2"), say("opening-hours"), ...GOODBYE], { to: NUMBER });
      expect(no.record.recording).toBeUndefined();
      expect(no.record.turns.map(({ by }) => by)).not.toContain("keypad");
      expect(notes(no.record)).toContain("not recorded");
      expect(await readdir(join(dataDir, "recordings"))).toEqual([`${yes.record.callId}.wav`]);
      expect((await stat(join(dataDir, "recordings", `${yes.record.callId}.wav`))).mode & 0o777).toBe(0o600);

      // Its record and its sound go together.
      const sound = await readFile(join(dataDir, "recordings", `${yes.record.callId}.wav`));
      expect(readWav(sound).channels[0]?.length).toBeGreaterThan(8000);
    }),
  ),
);

test(
  "asked, and something else was said: not recorded, and answered all the same",
  sideBySide((start) =>
    onDisk(async (dataDir) => {
      const flow = await start({ settings: { DATA_DIR: dataDir }, organizations: clinic({ enabled: true }) });
      const { record } = await flow.run([...answer("opening-hours"), ...GOODBYE], { to: NUMBER });
      expect(record.turns.length).toBeGreaterThan(0);
      expect(record.recording).toBeUndefined();
      expect(await readdir(dataDir)).not.toContain("recordings");
      const asked = flow.openai.requests.filter(({ path }) => path.endsWith("/responses"));
      expect(JSON.stringify(asked[0]?.body)).toMatch(/whether this call may be recorded/);
    }),
  ),
);

test(
  "where nothing is to be recorded nothing is said of it and nothing opened",
  sideBySide((start) =>
    onDisk(async (dataDir) => {
      const flow = await start({ settings: { DATA_DIR: dataDir }, organizations: clinic({ enabled: false }) });
      const { record } = await flow.run([...answer("opening-hours"), ...GOODBYE], { to: NUMBER });
      expect(heardReplies(record, "greeting")).toEqual([HELLO]);
      expect(notes(record).filter((what) => what.includes("record"))).toEqual([]);
      expect(await readdir(dataDir)).not.toContain("recordings");
      expect(await flow.metric("voice_recordings_total")).toBe(0);
    }),
  ),
);
