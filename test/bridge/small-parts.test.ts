// The small parts, each by itself: nods and goodbyes, keys, silence, watchdog, timers, fillers, lateness, words of turns.
import { isBackchannel, isFarewell, isMurmur, isPickupNoise } from "../../src/bridge/backchannel.ts";
import { createFiller } from "../../src/bridge/filler.ts";
import { createKeypad } from "../../src/bridge/keypad.ts";
import { causeOfDelay } from "../../src/bridge/lateness.ts";
import { createSilenceWatch } from "../../src/bridge/silence.ts";
import { createTimers } from "../../src/bridge/timers.ts";
import { createTurnWords } from "../../src/bridge/turn-words.ts";
import { createWatchdog } from "../../src/bridge/watchdog.ts";
import { createVirtualTime, type VirtualTime } from "../support/virtual-time.ts";

let time: VirtualTime;
let said: string[];
beforeEach(() => {
  time = createVirtualTime(0);
  said = [];
});
const say = (what: string): void => void said.push(`${time.now()} ${what}`);
const after = (ms: number, fn: () => void): (() => void) => time.clock.after(ms, fn);

describe("what words mean", () => {
  test.each([
    "mhm",
    "Mm-hmm.",
    "okay",
    "Yeah, right.",
    "uh huh",
    "I see",
    "Got it!",
    "Ja, genau",
    "sí",
    "d'accord",
    "はい",
  ])("%p is a nod", (text) => expect(isBackchannel(text)).toBe(true));
  test.each(["", "...", "no", "stop", "okay but why", "yes yes yes yes yes", "hello", "nein", "wait", "42"])(
    "%p is not",
    (text) => expect(isBackchannel(text)).toBe(false),
  );
  test.each(["Hello?", "hi", "Hello, good morning", "Hallo", "mhm", "?"])(
    "%p is said to a phone that was picked up",
    (text) => expect(isPickupNoise(text)).toBe(true),
  );
  test.each(["hello I want a table", "a table", "who is this"])("%p is more than that", (text) =>
    expect(isPickupNoise(text)).toBe(false),
  );
  test.each(["mhm", "Hm.", "uh huh", "oh"])("%p is a murmur", (text) => expect(isMurmur(text)).toBe(true));
  test.each(["", "yes", "okay", "mhm yes"])("%p is none", (text) => expect(isMurmur(text)).toBe(false));
  test.each([
    "bye",
    "Bye-bye!",
    "okay, thank you so much, bye",
    "Thanks for your help, have a great day",
    "no, that's all, thank you",
    "Tschüss",
    "vielen Dank und auf Wiederhören",
    "merci, au revoir",
    "okay",
  ])("%p takes no goodbye back", (text) => expect(isFarewell(text)).toBe(true));
  test.each([
    "",
    "no",
    "no wait",
    "wait",
    "and one more thing",
    "thanks but when do you open",
    "have a",
    "the day after",
  ])("%p does", (text) => expect(isFarewell(text)).toBe(false));
});

describe("keys", () => {
  const keypad = (): ReturnType<typeof createKeypad> =>
    createKeypad({ timeoutMs: 3000, after, onEntry: (digits) => say(`"${digits}"`) });
  test("end at the hash", async () => {
    const keys = keypad();
    for (const digit of "12*#") keys.press(digit);
    expect(keys.isOpen()).toBe(false);
    keys.press("#");
    await time.run(9000);
    expect(said).toEqual(['0 "12*"', '0 ""']);
    expect(time.pending()).toBe(0);
  });
  test("end 3 s after the last", async () => {
    const keys = keypad();
    keys.press("1");
    await time.run(2900);
    keys.press("2");
    expect(keys.isOpen()).toBe(true);
    await time.run(2900);
    keys.press("3");
    await time.run(9000);
    expect(said).toEqual(['8800 "123"']);
    expect(keys.isOpen()).toBe(false);
  });
  test("are kept to a bounded number", async () => {
    const keys = keypad();
    for (let index = 0; index < 500; index++) keys.press("9");
    keys.press("#");
    expect(said).toEqual([`0 "${"9".repeat(32)}"`]);
  });
});

describe("silence", () => {
  const watch = (hasPrompt = true): ReturnType<typeof createSilenceWatch> =>
    createSilenceWatch({
      promptMs: 10_000,
      after,
      onPrompt() {
        say("prompt");
        return hasPrompt;
      },
      onGiveUp: () => say("give up"),
    });
  test("is asked about twice and given up", async () => {
    const silence = watch();
    for (let round = 0; round < 3; round++) {
      silence.start();
      await time.run(11_000);
    }
    expect(said).toEqual(["10000 prompt", "21000 prompt", "32000 give up"]);
  });
  test("goes on by itself where there is no question to wait for", async () => {
    watch(false).start();
    await time.run(60_000);
    expect(said).toEqual(["10000 prompt", "20000 prompt", "30000 give up"]);
  });
  test("counts from the last start, not at all when stopped, anew when reset", async () => {
    const silence = watch();
    silence.start();
    await time.run(9000);
    silence.start();
    await time.run(9000);
    silence.stop();
    await time.run(30_000);
    expect(said).toEqual([]);
    silence.start();
    await time.run(10_000);
    silence.reset();
    silence.start();
    await time.run(10_000);
    silence.start();
    await time.run(10_000);
    expect(said.map((what) => what.split(" ")[1])).toEqual(["prompt", "prompt", "prompt"]);
  });
});

describe("the watchdog", () => {
  const dog = (): ReturnType<typeof createWatchdog> =>
    createWatchdog({ ms: 1000, after, onSilence: () => say("silence") });
  test("barks after its time without a sign of life", async () => {
    dog();
    await time.run(5000);
    expect(said).toEqual(["1000 silence"]);
    expect(time.pending()).toBe(0);
  });
  test("not while there are signs of life that only show when it looks", async () => {
    let alive = true;
    createWatchdog({ ms: 1000, after, isAlive: () => alive, onSilence: () => say("silence") });
    await time.run(5000);
    alive = false;
    await time.run(5000);
    expect(said).toEqual(["6000 silence"]);
  });
  test("between once and one and a half times its time after the last one", async () => {
    for (let last = 0; last < 1000; last += 90) {
      said = [];
      const one = dog();
      await time.run(last);
      one.fed();
      const fedAt = time.now();
      await time.run(3000);
      const barkedAt = Number(said[0]?.split(" ")[0]) - fedAt;
      expect(said).toHaveLength(1);
      expect(barkedAt).toBeGreaterThanOrEqual(1000);
      expect(barkedAt).toBeLessThanOrEqual(1500);
    }
  });
  test("never while it is fed, nor while it is paused, nor when it was stopped", async () => {
    const one = dog();
    for (let round = 0; round < 20; round++) {
      one.fed();
      await time.run(400);
    }
    one.pause();
    await time.run(9000);
    one.resume();
    await time.run(900);
    one.stop();
    one.resume();
    one.fed();
    await time.run(9000);
    expect(said).toEqual([]);
    expect(time.pending()).toBe(0);
  });
});

describe("the timers of a call", () => {
  test("fire through the mailbox, and can be cancelled on their way there", async () => {
    const posted: (() => void)[] = [];
    const timers = createTimers(time.clock, (what) => void posted.push(what));
    const cancel = timers.after(100, () => say("first"));
    timers.after(100, () => say("second"));
    await time.run(100);
    expect(said).toEqual([]);
    cancel();
    cancel();
    for (const what of posted) what();
    for (const what of posted) what();
    expect(said).toEqual(["100 second"]);
  });
  test("end with the call, and none is set after it", async () => {
    const timers = createTimers(time.clock, (what) => what());
    timers.after(100, () => say("never"));
    timers.after(-5, () => say("at once"));
    await time.run(0);
    timers.close();
    timers.close();
    timers.after(1, () => say("never"))();
    expect(time.pending()).toBe(0);
    await time.run(1000);
    expect(said).toEqual(["0 at once"]);
  });
});

describe("a filler", () => {
  function setup(script: { owed?: () => boolean; moment?: () => boolean; lengthMs?: number } = {}) {
    let quietFrom = 0;
    const filler = createFiller({
      afterMs: 1500,
      now: () => time.now(),
      after,
      quietFrom: () => quietFrom,
      isOwed: script.owed ?? (() => true),
      say() {
        if (script.moment && !script.moment()) return false;
        say("filler");
        quietFrom = time.now() + (script.lengthMs ?? 1000);
        return true;
      },
    });
    return { filler, playUntil: (at: number) => void (quietFrom = at) };
  }
  test("comes after its time, counted from the end of the turn, and again after more", async () => {
    const { filler } = setup();
    await time.run(300);
    filler.expect(100);
    await time.run(13_000);
    expect(said).toEqual(["1600 filler", "6600 filler", "11600 filler"]);
    filler.stop();
    expect(time.pending()).toBe(0);
  });
  test("counts silence only from the last sound", async () => {
    const { filler, playUntil } = setup();
    filler.expect(0);
    await time.run(1000);
    playUntil(5000);
    await time.run(5000);
    expect(said).toEqual([]);
    await time.run(600);
    expect(said).toEqual(["6500 filler"]);
  });
  test("waits for its moment", async () => {
    let free = false;
    const { filler } = setup({ moment: () => free });
    filler.expect(0);
    await time.run(2600);
    free = true;
    await time.run(500);
    expect(said).toEqual(["3000 filler"]);
  });
  test("is over when nothing is owed any more, and set anew for the next turn", async () => {
    let owed = true;
    const { filler } = setup({ owed: () => owed });
    filler.expect(0);
    await time.run(1000);
    owed = false;
    await time.run(5000);
    expect([said, time.pending()]).toEqual([[], 0]);
    owed = true;
    filler.expect(6000);
    await time.run(1500);
    expect(said).toEqual(["7500 filler"]);
  });
});

describe("the cause of a delay", () => {
  test.each<[readonly [number, number, number], number, string | undefined]>([
    [[0, 500, 1000], 2000, undefined],
    [[0, 1500, 1800], 2001, "late-transcript"],
    [[0, 300, 3000], 3200, "late-answer"],
    [[0, 300, 600], 3200, "late-voice"],
    [[0, 0, 0], 2500, "late-voice"],
  ])("%p, heard at %d: %p", (times, audioAt, cause) => expect(causeOfDelay(times, audioAt)).toBe(cause));
});

describe("the words of turns", () => {
  test("come together in the order the utterances were made, whichever is known first", () => {
    const words = createTurnWords();
    words.add(1, "a", "");
    words.add(1, "b", "");
    words.add(2, "c", "keys");
    expect([words.isUnknown(1), words.isUnknown(2), words.isUnknown(9)]).toEqual([true, false, false]);
    expect(words.fill("b", "two")).toEqual({ turn: 1, text: "two" });
    expect(words.fill("a", "one")).toEqual({ turn: 1, text: "one two" });
    expect(words.fill("z", "never heard of")).toBeUndefined();
    expect([words.isUnknown(1), words.has("a"), words.has("z"), words.textOf(2)]).toEqual([false, true, false, "keys"]);
  });
  test("of long ago are forgotten", () => {
    const words = createTurnWords();
    for (let turn = 1; turn <= 200; turn++) words.add(turn, `i${turn}`, "");
    expect([words.has("i1"), words.has("i200")]).toEqual([false, true]);
  });
});
