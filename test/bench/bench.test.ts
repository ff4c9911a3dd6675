// The pieces of the bench with two calls for a moment: that what they count is true. Times are not looked at.
import { fileURLToPath } from "node:url";
import { startFarSide, type FarSide } from "../../scripts/bench/far-side.ts";
import { TURNS, WORST } from "../../scripts/bench/load.ts";
import type { ModelQuestions } from "../../scripts/bench/model.ts";
import type { PhoneQuestions } from "../../scripts/bench/phones.ts";
import { cpuMs, residentBytes } from "../../scripts/bench/process-cost.ts";
import { startFloor, startService } from "../../scripts/bench/subject.ts";

const CALLS = 2;
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

let phones: FarSide<PhoneQuestions>;
let model: FarSide<ModelQuestions>;
let modelPort = 0;

beforeAll(async () => {
  phones = startFarSide<PhoneQuestions>("./phones.ts");
  model = startFarSide<ModelQuestions>("./model.ts");
  modelPort = await model.ask("listen", undefined);
});
afterAll(async () => {
  await Promise.all([phones.close(), model.close()]);
});

/** Asks until it holds, for at most 10 s. */
async function soon(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("it did not come to hold within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function service(mode: string) {
  return startService({ main: MAIN, nodeFlags: ["--import", "tsx"], modelPort, settings: { VOICE_MODE: mode } });
}

test("the floor carries every frame both ways, and nothing else", async () => {
  await model.ask("load", { ...WORST, with: "floor", settleMs: 100 });
  await Promise.all([phones.ask("reset", undefined), model.ask("reset", undefined)]);
  const floor = await startFloor(modelPort);
  try {
    await phones.ask("place", { calls: CALLS, target: floor.target, spacingMs: 10 });
    await soon(async () => (await phones.ask("window", undefined)).mediaReceived >= 100);
    expect(cpuMs(floor.pid)).toBeGreaterThan(0);
    expect(residentBytes(floor.pid)).toBeGreaterThan(1e6);
    const stories = await phones.ask("hangUp", undefined);
    expect(stories).toHaveLength(CALLS);
    const { delaysMs, framesReceived, deltasSent } = await model.ask("window", undefined);
    expect(delaysMs).toHaveLength(framesReceived);
    // What came before the floor's own socket was open, and what was on its way when the phones hung up, is lost.
    const sent = stories.reduce((sum, { framesSent }) => sum + framesSent, 0);
    expect(framesReceived).toBeLessThanOrEqual(sent);
    expect(framesReceived).toBeGreaterThan(sent * 0.8);
    const received = stories.reduce((sum, { mediaReceived }) => sum + mediaReceived, 0);
    expect(received).toBeLessThanOrEqual(deltasSent);
    expect(received).toBeGreaterThan(deltasSent * 0.8);
    for (const { marksReceived, strange, closeCode } of stories)
      expect({ marksReceived, strange, closeCode }).toEqual({
        marksReceived: 0,
        strange: 0,
        closeCode: expect.any(Number),
      });
  } finally {
    await floor.close();
  }
});

test("the server takes the load for the real thing: a greeting, marks, and every frame", async () => {
  await model.ask("load", { ...WORST, settleMs: 100 });
  const server = await service("speech-to-speech");
  try {
    await Promise.all([phones.ask("reset", undefined), model.ask("reset", undefined)]);
    await phones.ask("place", { calls: CALLS, target: server.target, spacingMs: 10 });
    await soon(async () => (await phones.ask("window", undefined)).delaysMs.length >= 50);
    const stories = await phones.ask("hangUp", undefined);
    const sent = stories.reduce((sum, { framesSent }) => sum + framesSent, 0);
    await soon(async () => (await model.ask("window", undefined)).framesReceived === sent);
    for (const { greetingMs, marksReceived, strange, replies } of stories) {
      expect(greetingMs).toBeGreaterThan(0);
      expect(marksReceived).toBeGreaterThan(0);
      expect(strange).toBe(0);
      expect(replies.map(({ reply }) => reply)).toEqual([1]);
    }
    expect((await model.ask("sockets", undefined)).extensions).toBe("");
  } finally {
    await server.close();
  }
});

test("a turn leaves all of its moments, in order", async () => {
  await model.ask("load", { ...TURNS, settleMs: 100 });
  const server = await service("assistant");
  try {
    await phones.ask("place", { calls: CALLS, target: server.target, spacingMs: 10 });
    const isHeard = ({ replies }: { readonly replies: readonly unknown[] }): boolean => replies.length > 0;
    await soon(async () => (await phones.ask("stories", undefined)).every(isHeard));
    await phones.ask("hangUp", undefined);
    const { turns } = await model.ask("story", undefined);
    expect(turns.map(({ call }) => call).sort((a, b) => a - b)).toEqual([0, 1]);
    for (const { turn, transcript, asked, sentence, say, audio } of turns) {
      expect(turn).toBe(1);
      const moments = [transcript, asked, sentence, say, audio];
      expect(moments.every(Number.isFinite)).toBe(true);
      expect(moments.toSorted((a, b) => a - b)).toEqual(moments);
    }
  } finally {
    await server.close();
  }
});
