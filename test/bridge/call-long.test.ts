// Whole calls in virtual time: replies of a minute and more. What lies at the far end, what is generated ahead and what is kept
// in memory stay bounded.
import { fakeCall, type FakeCall } from "../support/fake-call.ts";
import { createPlayout } from "../../src/bridge/playout.ts";
import { createSpeaker } from "../../src/bridge/speaker.ts";
import type { Utterance } from "../../src/bridge/utterance.ts";
import type { Voice } from "../../src/core/voice.ts";
import { createFakeLine } from "../support/fake-line.ts";
import { createMarkedAudio } from "../support/marked-audio.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

const sentence = (number: number): string =>
  `This is sentence number ${number} of a story that goes on for quite a while.`;
const story = (count: number): string => Array.from({ length: count }, (_, index) => sentence(index + 1)).join(" ");

let call: FakeCall | undefined;
afterEach(async () => {
  await call?.over();
  call = undefined;
});

test("a reply of more than a minute is never much more than 20 s ahead, and not asked for long before it is due", async () => {
  call = await fakeCall({ reply: () => story(20), voices: { speech: () => ({ speed: 40 }) }, msPerFrame: 100 });
  const { line, voices } = call;
  await call.greeted();
  call.caller.speaks("Tell me a story");
  await call.untilHeard("sentence number 1 ");
  let most = 0;
  const heardSoFar = (): number => line.heardBytes((name) => name.startsWith("v")) / 8;
  for (let step = 0; step < 40; step++) {
    await call.run(2000);
    const generated = voices.spoken.reduce((sum, { sent }) => sum + sent / 8, 0);
    most = Math.max(most, generated - heardSoFar());
  }
  await call.until("over", () => call?.replies("reply").length === 1, 60_000);
  expect(call.replies("reply")).toMatchObject([{ heard: story(20), interrupted: false }]);
  expect(heardSoFar()).toBeGreaterThan(75_000);
  expect(line.mostWaitingMs()).toBeLessThan(20_500);
  expect(line.mostWaitingMs()).toBeGreaterThan(15_000);
  // 20 s at the far end, 20 s waiting, and the piece that was begun before that was full.
  expect(most).toBeLessThan(62_000);
  // Not a moment of silence in it.
  const gaps = line
    .heard()
    .filter(({ name }) => name.startsWith("v"))
    .map((stretch, index, all) => (index === 0 ? 0 : stretch.at - (all[index - 1]?.until ?? 0)));
  expect(Math.max(...gaps)).toBeLessThan(5);
});

test("an interruption of it cuts what is ahead, at the far end and here", async () => {
  call = await fakeCall({ reply: (_input, number) => (number === 1 ? story(20) : "All right."), msPerFrame: 100 });
  await call.greeted();
  call.caller.speaks("Tell me a story");
  await call.untilHeard("sentence number 1 ");
  await call.run(30_000);
  call.caller.speaks("Thank you, that is quite enough of it", { ms: 2000 });
  await call.until("quiet line", () => call?.line.waitingMs() === 0, 1000);
  await call.untilHeard("All right", 10_000);
  expect(call.replies("reply")[0]?.heardMs).toBeGreaterThan(29_000);
  expect(call.replies("reply")[0]?.heardMs).toBeLessThan(31_500);
  expect(call.thread.asked[1]?.correction?.heard.length).toBeGreaterThan(300);
});

test("marks that never come back hold a long reply up, but do not end it", async () => {
  call = await fakeCall({ reply: () => story(9), line: { marks: false }, msPerFrame: 100 });
  await call.greeted().catch(() => undefined);
  call.caller.speaks("Tell me a story");
  await call.untilHeard("sentence number 9 ", 120_000);
  await call.until("over", () => call?.replies("reply").length === 1, 60_000);
  expect(call.replies("reply")).toMatchObject([{ heard: story(9) }]);
});

test("the audio of a reply of ten minutes is let go of as it is heard", async () => {
  const time = createVirtualTime();
  const audio = createMarkedAudio();
  const line = createFakeLine(time, audio);
  const said: { speechId: string; text: string }[] = [];
  const nothing = (): void => {};
  const voice: Voice = {
    attach: nothing,
    hear: nothing,
    say: (speechId, text) => void said.push({ speechId, text }),
    cancel: nothing,
    truncate: nothing,
    respond: nothing,
    tell: nothing,
    answerTool: nothing,
    close: nothing,
  };
  const playout = createPlayout({
    line,
    clock: time.clock,
    after: (ms, fn) => time.clock.after(ms, fn),
    onGiveUp: nothing,
  });
  const over: Utterance[] = [];
  const speaker = createSpeaker({
    playout,
    now: () => time.now(),
    divergence: () => 0,
    events: {
      onAudio: nothing,
      onHeard: (utterance) => void over.push(utterance),
      onFailed: nothing,
      onQuiet: nothing,
      onDivergence: nothing,
    },
  });
  line.attach((event) => {
    if (event.type === "line.mark") speaker.ack(event.name);
  });
  speaker.setVoice(voice);
  const reply = speaker.begin("reply");
  const kept = (): number => reply.pieces.reduce((sum, { tape }) => sum + (tape.length - tape.begin), 0) / 8000;
  for (let number = 1; number <= 60; number++) speaker.addText(reply, sentence(number));
  speaker.finish(reply);
  let most = 0;
  let spoken = 0;
  for (let second = 0; second < 700 && over.length === 0; second++) {
    while (spoken < said.length) {
      const { speechId } = said[spoken++] as (typeof said)[number];
      const recording = audio.make(speechId, 10_000 * 8);
      for (let at = 0; at < recording.length; at += 1777)
        speaker.audio(speechId, recording.subarray(at, at + 1777).toString("base64"));
      speaker.spoken(speechId, "completed", "");
    }
    await time.run(1000);
    most = Math.max(most, kept());
  }
  expect(over).toEqual([reply]);
  expect(line.heardBytes((name) => name.startsWith("u"))).toBe(600 * 8000);
  // 20 s at the far end, 20 s waiting, a piece, and 15 s behind the ear.
  expect(most).toBeLessThan(70);
  expect(kept()).toBeLessThan(16);
  await time.run(25_000);
  expect(time.pending()).toBe(0);
});
