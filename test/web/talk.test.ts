// The talk view's pure parts: what is played when, what is shown, and sound on its way.
import * as fc from "fast-check";
import { fromBase64, fromPcm, loudness, toBase64, toPcm } from "../../src/web/talk/pcm.ts";
import { createPlayQueue } from "../../src/web/talk/play-queue.ts";
import { createResampler } from "../../src/web/talk/resampler.ts";
import { after, NO_TALK, typed, type Message, type Talk } from "../../src/web/talk/talk-state.ts";

describe("the play queue", () => {
  test("plays pieces one behind the other, and the first after a silence a little later", () => {
    const queue = createPlayQueue(0.06);
    expect(queue.add(0.5, 10)).toBeCloseTo(10.06);
    expect(queue.add(0.5, 10.1)).toBeCloseTo(10.56);
    expect(queue.ahead(10.1)).toBeCloseTo(0.96);
    // It ran dry at 11.06.
    expect(queue.ahead(12)).toBe(0);
    expect(queue.add(0.5, 12)).toBeCloseTo(12.06);
  });

  test("tells a mark once, when everything before it was heard", () => {
    const queue = createPlayQueue(0);
    queue.add(1, 0);
    queue.mark("a", 0);
    queue.add(1, 0.1);
    queue.mark("b", 0.1);
    expect(queue.due(0.99)).toEqual([]);
    expect(queue.due(1)).toEqual(["a"]);
    expect(queue.due(1.5)).toEqual([]);
    expect(queue.due(2)).toEqual(["b"]);
  });

  test("a mark with nothing before it is due at once", () => {
    const queue = createPlayQueue();
    queue.mark("a", 5);
    expect(queue.due(5)).toEqual(["a"]);
  });

  test("cleared, it forgets sound and marks, and begins anew", () => {
    const queue = createPlayQueue(0);
    queue.add(20, 0);
    queue.mark("late", 0);
    queue.clear();
    expect([queue.ahead(1), queue.due(30)]).toEqual([0, []]);
    expect(queue.add(1, 2)).toBe(2);
  });

  test("never overlaps, never goes back, and tells marks in order, whatever comes", () => {
    const event = fc.record({
      wait: fc.double({ min: 0, max: 3, noNaN: true }),
      seconds: fc.double({ min: 0.001, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const queue = createPlayQueue();
        const told: string[] = [];
        let now = 0;
        let free = 0;
        events.forEach(({ wait, seconds }, index) => {
          now += wait;
          told.push(...queue.due(now));
          const begins = queue.add(seconds, now);
          expect(begins).toBeGreaterThanOrEqual(Math.max(now, free) - 1e-9);
          free = begins + seconds;
          queue.mark(String(index), now);
        });
        told.push(...queue.due(Infinity));
        expect(told).toEqual(events.map((_, index) => String(index)));
      }),
    );
  });
});

describe("what is shown of a talk", () => {
  const run = (...messages: Message[]): Talk => messages.reduce(after, { ...NO_TALK, status: "opening" });
  const shown = ({ lines }: Talk) =>
    lines.map(({ role, text, cut, open }) => `${role}${open ? "~" : ""}: ${text}${cut ? ` [${cut}]` : ""}`);

  test("both sides' words as they come", () => {
    const talk = run(
      { type: "session", session_id: "s", call_id: "call_1" },
      { type: "response_delta", reply_id: "r1", text: "Hello." },
      { type: "response_delta", reply_id: "r1", text: "What can I do?" },
      { type: "conversation_response", reply_id: "r1", text: "Hello. What can I do?" },
      { type: "speech_started" },
      { type: "transcription_delta", text: "When do" },
      { type: "transcription_delta", text: " you" },
    );
    expect(talk).toMatchObject({ status: "open", callId: "call_1", speaking: true });
    expect(shown(talk)).toEqual(["agent: Hello. What can I do?", "caller~: When do you"]);
    const asked = [{ type: "speech_stopped" }, { type: "transcription", text: "When do you open?" }].reduce(
      after,
      talk,
    );
    expect(asked).toMatchObject({ speaking: false, thinking: true });
    expect(shown(asked).at(-1)).toBe("caller: When do you open?");
    expect(after(asked, { type: "response_delta", reply_id: "r2", text: "At nine." }).thinking).toBe(false);
  });

  test("an interrupted reply keeps what was heard, and shows what was not", () => {
    const talk = run(
      { type: "response_delta", reply_id: "r1", text: "We have Tuesday at nine, or Thursday." },
      { type: "transcription", text: "Thursday!" },
      { type: "response_cut", reply_id: "r1", heard_text: "We have Tuesday" },
    );
    expect(shown(talk)).toEqual(["agent: We have Tuesday [at nine, or Thursday.]", "caller: Thursday!"]);
    expect(
      shown(
        run(
          { type: "response_delta", reply_id: "r", text: "Yes." },
          { type: "response_cut", reply_id: "r", heard_text: "" },
        ),
      ),
    ).toEqual(["agent:  [Yes.]"]);
  });

  test("what is said while an answer is still in the making stands before it once it was heard", () => {
    const talk = run(
      { type: "response_delta", reply_id: "r2", text: "It takes forty minutes." },
      { type: "response_delta", reply_id: "r3", text: "One moment." },
      { type: "conversation_response", reply_id: "r3", text: "One moment." },
    );
    expect(shown(talk)).toEqual(["agent: One moment.", "agent~: It takes forty minutes."]);
  });

  test("what was typed stands once, even when the server says it again", () => {
    const talk = after(typed(run({ type: "error", code: "bad_message", message: "no" }), "Hello"), {
      type: "transcription",
      text: "Hello",
    });
    expect(shown(talk)).toEqual(["caller: Hello"]);
    expect(talk.error).toBeUndefined();
  });

  test("what was taken for speech and was none leaves no line", () => {
    expect(shown(run({ type: "transcription_delta", text: "hm" }, { type: "transcription", text: "" }))).toEqual([]);
  });

  test("tools, errors, the state and the end", () => {
    const running = run(
      { type: "tool", name: "web_search", state: "running" },
      { type: "state", conversation_state: "intake" },
    );
    expect(running).toMatchObject({ tool: "web_search", phase: "intake" });
    const done = [
      { type: "tool", name: "web_search", state: "ok" },
      { type: "error", code: "no_speech" },
      { type: "ended", reason: "agent-hangup" },
    ].reduce(after, running);
    expect(done).toMatchObject({ status: "closed", ended: "agent-hangup", error: "no_speech" });
    expect(done.tool).toBeUndefined();
    expect(after(done, { type: "something new" })).toBe(done);
  });

  test("any order of messages is survived", () => {
    const type = fc.constantFrom(
      "session",
      "state",
      "speech_started",
      "speech_stopped",
      "transcription_delta",
      "transcription",
      "response_delta",
      "conversation_response",
      "response_cut",
      "tool",
      "error",
      "ended",
      "mark",
    );
    const message = fc.record({
      type,
      text: fc.string(),
      reply_id: fc.constantFrom("a", "b", undefined),
      heard_text: fc.string(),
      name: fc.anything(),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const talk = messages.reduce(after, NO_TALK);
        expect(
          talk.lines.every(({ role, text }) => (role === "agent" || role === "caller") && typeof text === "string"),
        ).toBe(true);
      }),
    );
  });
});

describe("sound", () => {
  test("goes there and back, and is held at the edges", () => {
    const samples = Float32Array.from([0, 0.5, -0.5, 1, -1, 2, -2]);
    const back = fromPcm(fromBase64(toBase64(toPcm(samples))));
    expect([...back].map((one) => Math.round(one * 1000) / 1000)).toEqual([0, 0.5, -0.5, 1, -1, 1, -1]);
    expect(fromPcm(Uint8Array.from([0, 0, 7])).length).toBe(1);
  });

  test("is as loud as it seems", () => {
    expect(loudness(new Int16Array(100))).toBe(0);
    expect(loudness(new Int16Array(0))).toBe(0);
    expect(loudness(new Int16Array(100).fill(32_767))).toBeCloseTo(1, 2);
    expect(loudness(new Int16Array(100).fill(327))).toBeCloseTo(1 / 3, 1);
  });

  const tone = (hz: number, rate: number, seconds: number): Float32Array =>
    Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate));
  const rms = (samples: Float32Array): number =>
    Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);

  test.each([44_100, 48_000, 16_000, 24_000, 96_000])(
    "recorded at %d Hz is brought to 24 kHz, block by block",
    (rate) => {
      const resampler = createResampler(rate, 24_000);
      const sound = tone(440, rate, 1);
      const made: number[] = [];
      for (let at = 0; at < sound.length; at += 128) made.push(...resampler.push(sound.subarray(at, at + 128)));
      expect(Math.abs(made.length - 24_000)).toBeLessThanOrEqual(1);
      const wanted = tone(440, 24_000, 1);
      // A sample stands for a stretch, whose middle is a part of a sample later than its beginning.
      expect(Math.abs(rms(Float32Array.from(made)) - rms(wanted))).toBeLessThan(0.01);
      const crossings = made.filter((one, i) => i > 0 && one >= 0 && (made[i - 1] as number) < 0).length;
      expect(Math.abs(crossings - 440)).toBeLessThanOrEqual(1);
    },
  );
});
