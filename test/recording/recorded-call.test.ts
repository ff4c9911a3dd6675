// One recorded call against a far end that knows to the sample what was said and heard: places, cuts, pauses, consent, bad disks.
import { jest } from "@jest/globals";
import type { LineEvent } from "../../src/core/line.ts";
import { createRecordedCall, type RecordingTerms } from "../../src/recording/recorded-call.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { createRandom } from "../support/random.ts";
import { createVirtualTime } from "../support/virtual-time.ts";
import { createDisk, createFarEnd, greeting, noise, PARTY, say, turn } from "./kit.ts";

const ANNOUNCE: RecordingTerms = { mode: "announce", notice: "This call is recorded." };
const ASK: RecordingTerms = { mode: "ask", notice: "May I record this call?" };
const HELLO = "Hello, I am an AI.";
const PATH = "call_01recorded.wav";
const MS = 8;

function setup(terms = ANNOUNCE, { upMs = 20, downMs = 20, hasRoom = async () => true } = {}) {
  const time = createVirtualTime();
  const far = createFarEnd(time, { upMs, downMs });
  const disk = createDisk();
  const store = createMemoryCallStore();
  store.open(PARTY, time.clock.date());
  const log = keptLog();
  const meter = keptMeter();
  const seen: LineEvent[] = [];
  const released = jest.fn();
  const call = createRecordedCall({
    party: PARTY,
    terms,
    line: far.line,
    store,
    path: PATH,
    file: PATH,
    instance: "instance_1",
    openFile: disk.openFile,
    hasRoom,
    clock: time.clock,
    log,
    meter,
    onReleased: released,
  });
  call.line.attach((event) => void seen.push(event));
  const elapsed = (): number => time.now() - 1000;
  const hearNotice = (): void => call.store.update(PARTY.callId, { replies: [greeting(`${HELLO} ${terms.notice}`)] });
  const hearTurn = (text: string, number = 1): void =>
    call.store.update(PARTY.callId, { turns: [turn(text, elapsed(), number)] });
  /** Ends the call; the recording and, from its first sample on, the truth. */
  async function finish() {
    const truth = far.truth();
    far.hangUp();
    await call.end();
    const wav = disk.wav(PATH);
    const [left, right] = wav.channels as [Int16Array, Int16Array];
    return { wav, left, right, truth };
  }
  const timeline = async (): Promise<string[]> =>
    ((await store.get(PARTY.callId))?.timeline ?? []).map(({ what, detail }) =>
      detail?.cause === undefined ? what : `${what}: ${String(detail.cause)}`,
    );
  return { time, far, disk, store, log, meter, seen, released, call, hearNotice, hearTurn, finish, timeline };
}

/** The sample of the call at which the recording begins: where its first frame is in what the caller said. */
function originOf(left: Int16Array, said: Int16Array): number {
  const first = left.subarray(0, 160).join();
  for (let at = 0; at + 160 <= said.length; at += 160) if (said.subarray(at, at + 160).join() === first) return at;
  throw new Error("it is not of this call");
}

/** Samples of two stretches that differ. */
function differences(one: Int16Array, other: Int16Array): number {
  let count = Math.abs(one.length - other.length);
  for (let at = 0; at < Math.min(one.length, other.length); at++) if (one[at] !== other[at]) count++;
  return count;
}

test("both sides stand where they were heard, sample by sample, from the notice on and not before", async () => {
  const { time, call, disk, hearNotice, finish, store } = setup();
  say(call.line, noise(1600 * 5, 2));
  await time.run(1400);
  expect(disk.files.size).toBe(0);
  hearNotice();
  await time.run(1600);
  say(call.line, noise(1600 * 12, 3));
  await time.run(2000);
  // An answer while the last one is still being heard, and one after a pause.
  say(call.line, noise(1600 * 3, 4));
  await time.run(5000);
  say(call.line, noise(1600 * 10, 5));
  await time.run(3000);
  const { wav, left, right, truth } = await finish();
  expect(wav).toMatchObject({ rate: 8000, encoding: "pcm16" });
  const origin = originOf(left, truth.said);
  expect(origin).toBeGreaterThanOrEqual(1360 * MS);
  expect(origin).toBeLessThanOrEqual(1400 * MS);
  expect(left.length).toBeGreaterThan(11 * 8000);
  expect(differences(left, truth.said.subarray(origin, origin + left.length))).toBe(0);
  expect(differences(right, truth.heard.subarray(origin, origin + right.length))).toBe(0);
  expect((await store.get(PARTY.callId))?.recording).toEqual({
    file: PATH,
    instance: "instance_1",
    consent: "not-needed",
    consentAt: expect.stringMatching(/^2026-/) as string,
    durationMs: left.length / MS,
  });
  expect(disk.open()).toBe(0);
});

test("an interruption cuts the agent where the caller stopped hearing it", async () => {
  const { time, call, hearNotice, finish } = setup();
  hearNotice();
  await time.run(1000);
  say(call.line, noise(1600 * 20, 2));
  await time.run(1500);
  call.line.clear();
  await time.run(700);
  say(call.line, noise(1600 * 5, 3));
  await time.run(4000);
  const { left, right, truth } = await finish();
  const origin = originOf(left, truth.said);
  expect(differences(right, truth.heard.subarray(origin, origin + right.length))).toBe(0);
  const sounding = right.reduce((sum, sample) => sum + (sample === 0 ? 0 : 1), 0);
  // One and a half of four seconds, and all of the other.
  expect(sounding / MS).toBe(2500);
});

test("at any distance, in any rhythm, the agent stands within a frame of where it was heard", async () => {
  const random = createRandom(11);
  for (let round = 0; round < 12; round++) {
    const { time, call, hearNotice, finish } = setup(ANNOUNCE, {
      upMs: random.between(0, 180),
      downMs: random.between(0, 180),
    });
    say(call.line, noise(1600 * 4, 100));
    await time.run(1500);
    hearNotice();
    const spoken: Buffer[] = [];
    for (let reply = 0; reply < 6; reply++) {
      await time.run(random.between(100, 3000));
      const audio = noise(random.between(2000, 30_000), 200 + reply);
      spoken.push(audio);
      say(call.line, audio);
      if (random.chance(0.4)) {
        await time.run(random.between(300, 1500));
        call.line.clear();
      }
    }
    await time.run(6000);
    const { left, right, truth } = await finish();
    const origin = originOf(left, truth.said);
    expect(differences(left, truth.said.subarray(origin, origin + left.length))).toBe(0);
    const heard = truth.heard.subarray(origin, origin + right.length);
    // Whatever was heard for long enough to be found stands no further away than a frame.
    let sought = 0;
    for (let at = 0; at + 400 < heard.length; at += 4000) {
      const wanted = heard.subarray(at, at + 400);
      if (wanted.some((sample) => sample === 0)) continue;
      sought++;
      const offsets = Array.from({ length: 2 * 161 + 1 }, (_, index) => index - 161).filter((by) => at + by >= 0);
      const found = offsets.some((by) => differences(wanted, right.subarray(at + by, at + by + 400)) === 0);
      expect({ round, at, found }).toEqual({ round, at, found: true });
    }
    expect(sought).toBeGreaterThan(3);
  }
});

test("marks that never come back leave the sound where it was to be expected", async () => {
  const { time, call, hearNotice, finish } = setup(ANNOUNCE, { upMs: 0, downMs: 0 });
  hearNotice();
  await time.run(500);
  const audio = noise(16_000, 2);
  call.line.play(audio.toString("base64"));
  await time.run(4000);
  const { left, right, truth } = await finish();
  const origin = originOf(left, truth.said);
  expect(differences(right, truth.heard.subarray(origin, origin + right.length))).toBe(0);
});

test("what is said in a pause is not kept, on either side, and the time goes on", async () => {
  const { time, call, hearNotice, finish, timeline } = setup();
  expect(call.pause()).toBe(false);
  hearNotice();
  await time.run(1000);
  say(call.line, noise(1600 * 30, 2));
  await time.run(1020);
  expect(call.pause()).toBe(true);
  expect(call.state()).toBe("paused");
  expect(call.pause()).toBe(false);
  await time.run(2000);
  expect(call.resume()).toBe(true);
  expect(call.resume()).toBe(false);
  await time.run(3000);
  const { left, right, truth } = await finish();
  const origin = originOf(left, truth.said);
  const paused = left.indexOf(0);
  const resumed = paused + 2000 * MS;
  // The frame that was on its way when it was paused is the last one.
  expect(origin + paused).toBe(2000 * MS);
  expect(left.subarray(paused, resumed).every((sample) => sample === 0)).toBe(true);
  expect(right.subarray(paused, resumed).every((sample) => sample === 0)).toBe(true);
  for (const [from, to] of [[0, paused] as const, [resumed, left.length] as const]) {
    expect(differences(left.subarray(from, to), truth.said.subarray(origin + from, origin + to))).toBe(0);
    expect(differences(right.subarray(from, to), truth.heard.subarray(origin + from, origin + to))).toBe(0);
  }
  expect(await timeline()).toEqual([
    "recording consent",
    "recording begins",
    "recording paused",
    "recording goes on",
    "recording ends",
  ]);
});

test("the consent is stored before there is a file to need it", async () => {
  const { time, call, disk, store, hearNotice, finish } = setup();
  let stored = (): void => undefined;
  jest.spyOn(store, "flush").mockReturnValue(new Promise((resolve) => (stored = resolve)));
  hearNotice();
  await time.run(2000);
  expect(disk.files.size).toBe(0);
  expect(call.state()).toBe("waiting");
  expect((await store.get(PARTY.callId))?.recording).toMatchObject({ consent: "not-needed", durationMs: 0 });
  stored();
  await time.run(1000);
  expect(call.state()).toBe("on");
  const { left, truth } = await finish();
  expect(originOf(left, truth.said)).toBeGreaterThanOrEqual(1980 * MS);
});

describe("the question", () => {
  test.each([
    ["1", "on", []],
    ["2", "off", []],
    ["5", "off", ["5"]],
  ])("the key %s", async (digit, state, passed) => {
    const { time, far, call, seen, hearNotice } = setup(ASK);
    far.press("1");
    hearNotice();
    await time.run(100);
    expect(call.state()).toBe("waiting");
    far.press(digit);
    await time.run(100);
    expect(call.state()).toBe(state);
    far.press("9");
    // A key that answers is nothing else; the first one came before there was a question.
    expect(seen.flatMap((event) => (event.type === "line.digit" ? [event.digit] : []))).toEqual(["1", ...passed, "9"]);
    expect(await call.store.get(PARTY.callId)).toMatchObject(
      state === "on" ? { recording: { consent: "given" } } : { turns: [] },
    );
  });

  test.each([
    ["Yes.", "on", undefined],
    ["No, I would rather not.", "off", "declined"],
    ["What are your opening hours?", "off", "unanswered"],
  ])("the words %s", async (text, state, cause) => {
    const { time, call, disk, hearNotice, hearTurn, timeline } = setup(ASK);
    await time.run(1000);
    hearNotice();
    await time.run(1500);
    hearTurn(text);
    await time.run(2000);
    expect(call.state()).toBe(state);
    if (cause) expect(await timeline()).toContain(`not recorded: ${cause}`);
    // Nobody is asked twice: a yes to something else is no consent.
    hearTurn("Yes, please.", 2);
    await time.run(3000);
    expect(call.state()).toBe(state);
    expect(disk.files.size).toBe(state === "on" ? 1 : 0);
  });

  test("a yes that goes on with a but is none", async () => {
    const { time, call, disk, hearNotice, hearTurn } = setup(ASK);
    hearNotice();
    await time.run(1500);
    hearTurn("Yes.");
    await time.run(800);
    hearTurn("Yes. But do not record me.");
    await time.run(5000);
    expect(call.state()).toBe("off");
    expect(disk.files.size).toBe(0);
  });

  test("what was said before the question is no answer to it", async () => {
    const { time, call, hearNotice } = setup(ASK);
    await time.run(4000);
    hearNotice();
    call.store.update(PARTY.callId, { turns: [turn("Yes", -500)] });
    await time.run(3000);
    expect(call.state()).toBe("waiting");
  });

  test.each([
    ["was cut", greeting(`${HELLO} ${ASK.notice}`, { interrupted: true })],
    ["did not say it", greeting(HELLO)],
    ["could not be spoken", greeting("", { generatedMs: 0 })],
  ])("a greeting that %s tells nobody anything", async (_how, reply) => {
    const { time, call, hearTurn, timeline } = setup(ASK);
    call.store.update(PARTY.callId, { replies: [reply] });
    await time.run(1500);
    hearTurn("Yes");
    await time.run(3000);
    expect(call.state()).toBe("off");
    expect(await timeline()).toContain("not recorded: not-heard");
  });

  test("who leaves without an answer was not recorded", async () => {
    const { time, far, call, disk, released, hearNotice, hearTurn } = setup(ASK);
    hearNotice();
    await time.run(1500);
    hearTurn("Yes");
    far.hangUp();
    await call.end();
    await time.run(3000);
    expect(disk.files.size).toBe(0);
    expect(released).toHaveBeenCalledTimes(1);
    expect(time.pending()).toBe(0);
  });
});

describe("disks", () => {
  test("a slow one costs sound, counted, and holds nothing up; what there is keeps its place", async () => {
    const { time, call, disk, seen, meter, hearNotice, finish } = setup();
    hearNotice();
    await time.run(4000);
    let go = (): void => undefined;
    disk.hold = new Promise((resolve) => (go = resolve));
    const before = seen.length;
    await time.run(20_000);
    expect(seen.length - before).toBe(1000);
    go();
    await time.run(5000);
    expect(call.state()).toBe("on");
    const { left, truth } = await finish();
    const origin = originOf(left, truth.said);
    const silent = left.indexOf(0);
    const sound = left.findIndex((sample, at) => at > silent && sample !== 0);
    expect(meter.total("voice_frames_dropped_total", { leg: "recording", cause: "slow-disk" })).toBe(
      (sound - silent) / 160,
    );
    expect(sound - silent).toBeGreaterThan(8 * 8000);
    expect(differences(left.subarray(sound), truth.said.subarray(origin + sound, origin + left.length))).toBe(0);
  });

  test("a full one ends the recording and not the call, and the file says how long it is", async () => {
    const { time, call, disk, store, seen, log, meter, released, hearNotice, finish, timeline } = setup();
    hearNotice();
    disk.room = 44 + 4 * 8000 * 3;
    await time.run(10_000);
    expect(call.state()).toBe("off");
    const before = seen.length;
    await time.run(1000);
    expect(seen.length - before).toBe(50);
    const { left, truth } = await finish();
    expect(left.length).toBe(3 * 8000);
    const origin = originOf(left, truth.said);
    expect(differences(left, truth.said.subarray(origin, origin + left.length))).toBe(0);
    expect(await timeline()).toContain("recording failed");
    expect((await store.get(PARTY.callId))?.recording?.durationMs).toBe(3000);
    expect(meter.total("voice_recordings_total", { result: "failed" })).toBe(1);
    expect(meter.total("voice_recordings_total", { result: "complete" })).toBe(0);
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(disk.open()).toBe(0);
    expect(released).toHaveBeenCalledTimes(1);
  });

  test("with too little room nothing is begun", async () => {
    const { time, call, disk, hearNotice, timeline } = setup(ANNOUNCE, { hasRoom: async () => false });
    hearNotice();
    await time.run(2000);
    expect(call.state()).toBe("off");
    expect(disk.files.size).toBe(0);
    expect(await timeline()).toEqual(["recording consent", "not recorded: no-room"]);
  });

  test("one that cannot be asked is told of, and the call goes on", async () => {
    const { time, far, call, seen, log, released, hearNotice } = setup(ANNOUNCE, {
      hasRoom: () => Promise.reject(new Error("no such device")),
    });
    hearNotice();
    await time.run(1000);
    expect(call.state()).toBe("off");
    expect(seen.length).toBeGreaterThan(40);
    expect(log.lines.map(({ level }) => level)).toContain("error");
    far.hangUp();
    await call.end();
    expect(released).toHaveBeenCalledTimes(1);
  });
});

test("a call goes on in the file it had, when it has a second stream", async () => {
  const { time, disk, hearNotice, finish } = setup();
  hearNotice();
  await time.run(3000);
  const { left } = await finish();
  const kept = Buffer.from(disk.files.get(PATH) as Buffer);
  const again = setup();
  (again.disk.files as Map<string, Buffer>).set(PATH, kept);
  again.hearNotice();
  await again.time.run(2000);
  const { left: both } = await again.finish();
  expect(both.length).toBeGreaterThan(left.length + 1500 * MS);
  expect(differences(both.subarray(0, left.length), left)).toBe(0);
});
