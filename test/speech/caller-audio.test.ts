import { createCallerAudio } from "../../src/speech/caller-audio.ts";
import { frame } from "./voice-kit.ts";

/** A socket whose buffer fills until `drain` is called. */
function rig() {
  const sent: string[] = [];
  const waiting: (() => void)[] = [];
  const dropped: string[] = [];
  let buffered = 0;
  let stuck = false;
  const audio = createCallerAudio({
    send(text, done) {
      sent.push((JSON.parse(text) as { audio: string }).audio);
      if (stuck) buffered += text.length;
      if (done) waiting.push(done);
    },
    bufferedBytes: () => buffered,
    dropped: (cause) => void dropped.push(cause),
  });
  return {
    audio,
    sent,
    dropped,
    stick: () => {
      stuck = true;
    },
    drain: () => {
      stuck = false;
      buffered = 0;
      for (const done of waiting.splice(0)) done();
    },
    values: () => sent.map((payload) => Buffer.from(payload, "base64")[0] as number),
  };
}

test("what is said before the session is ready waits for it, in order", () => {
  const { audio, values } = rig();
  for (let value = 0; value < 100; value++) audio.hear(frame(value));
  expect(values()).toEqual([]);
  audio.open();
  audio.hear(frame(100));
  expect(values()).toEqual(Array.from({ length: 101 }, (_, value) => value));
  expect(audio.framesSent()).toBe(101);
});

test("30 s are kept, the oldest go first, and the loss is known", () => {
  const { audio, dropped, values } = rig();
  for (let index = 0; index < 1600; index++) audio.hear(frame(index % 256));
  expect(dropped).toEqual(Array.from({ length: 100 }, () => "not-ready"));
  expect(audio.droppedMs()).toBe(2000);
  audio.open();
  expect(values()).toHaveLength(1500);
  expect(values()[0]).toBe(100);
});

test("a long backlog is still sent whole when the network takes it in bits", () => {
  const { audio, dropped, values, stick, drain } = rig();
  for (let index = 0; index < 1000; index++) audio.hear(frame(index % 256));
  stick();
  audio.open();
  expect(values().length).toBeLessThan(60);
  for (let round = 0; round < 50; round++) {
    drain();
    stick();
  }
  drain();
  expect(dropped).toEqual([]);
  expect(values()).toEqual(Array.from({ length: 1000 }, (_, index) => index % 256));
});

test("a network that takes nothing costs at most a second: the oldest of the rest is dropped", () => {
  const { audio, dropped, values, stick, drain } = rig();
  audio.open();
  stick();
  for (let index = 0; index < 500; index++) audio.hear(frame(index % 256));
  const inFlight = values().length;
  expect(inFlight * 20).toBeLessThanOrEqual(700);
  expect(dropped.every((cause) => cause === "backpressure")).toBe(true);
  const kept = 500 - inFlight - dropped.length;
  expect(kept * 20).toBe(400);
  drain();
  audio.hear(frame(244));
  expect(values().slice(inFlight)).toEqual(Array.from({ length: kept + 1 }, (_, at) => (500 - kept + at) % 256));
  expect(audio.droppedMs()).toBe(dropped.length * 20);
});

test("what is kept goes out when the network is free, even if the caller has gone quiet", () => {
  const { audio, values, stick, drain } = rig();
  for (let value = 0; value < 80; value++) audio.hear(frame(value));
  stick();
  audio.open();
  for (let round = 0; round < 10; round++) drain();
  expect(values()).toHaveLength(80);
});

test("once closed it keeps and sends nothing", () => {
  const { audio, sent } = rig();
  audio.hear(frame(1));
  audio.close();
  audio.hear(frame(2));
  audio.open();
  expect(sent).toEqual([]);
});
