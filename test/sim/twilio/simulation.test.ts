// The simulation as a whole: whole conversations by ear, many calls at once, the recording, and that closing it lets
// everything go.
import { connectTwiml, startDouble, tone, xml, type Double, type DoubleStream } from "./double.ts";
import { entriesOf, startTwilioSim, toStereoWav, type TimelineEntry } from "../../../src/sim/twilio/index.ts";

let double: Double;
afterEach(() => double.close());

/** A server that answers every loud stretch of the caller, once it has been quiet for 200 ms, with a tone of `ms`. */
function answering(ms: number) {
  return (stream: DoubleStream) => {
    let loud = false;
    let quietMs = 0;
    stream.socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { event: string; media?: { payload: string } };
      if (message.event !== "media") return;
      const silent = Buffer.from(message.media!.payload, "base64").every(
        (byte) => byte >= 0xf0 || (byte & 0x7f) >= 0x70,
      );
      if (!silent) {
        // Barge-in, the simplest there is.
        if (!loud) stream.clear();
        loud = true;
        quietMs = 0;
        return;
      }
      quietMs += 20;
      if (!loud || quietMs < 200) return;
      loud = false;
      stream.play(tone(ms));
    });
  };
}

test("a conversation by ear: greeting, question, answer, interruption, key, goodbye", async () => {
  const log: [string, string][] = [];
  double = await startDouble({ speed: 10, sim: { log: (sid, entry) => log.push([sid, entry.kind]) } });
  double.on("/voice", connectTwiml(double.publicUrl));
  const serve = answering(2000);
  double.onStream((stream) => {
    serve(stream);
    void stream.next((m) => m.event === "start").then(() => stream.play(tone(800)));
  });
  const call = double.call({
    caller: [
      { do: "wait-for-silence", ms: 300 },
      { do: "say", audio: tone(500), text: "a question" },
      { do: "wait-for-silence", ms: 500 },
      { do: "say", audio: tone(300), text: "another" },
      { do: "interrupt", afterMs: 700, audio: tone(1200), text: "no, wait" },
      { do: "wait-for-agent" },
      { do: "press", digits: "5" },
      { do: "wait-for-silence", ms: 300 },
      { do: "hang-up" },
    ],
  });
  const result = await call.done;
  expect(result.scriptError).toBeUndefined();
  expect(result).toMatchObject({ endedBy: "caller", status: "completed" });
  expect(entriesOf(result.timeline, "caller-speaking").map(({ text }) => text)).toEqual([
    "a question",
    "another",
    "no, wait",
  ]);
  expect(entriesOf(result.timeline, "key")).toMatchObject([{ digit: "5", heardBy: "stream" }]);
  // The greeting, the first answer, the one cut off, and the last: by sound, not by messages.
  const spoke = entriesOf(result.timeline, "agent-silent").map(({ spokeMs }) => Math.round(spokeMs / 100) / 10);
  expect(spoke[0]).toBe(0.8);
  expect(spoke[1]).toBe(2);
  expect(spoke[2]).toBeGreaterThanOrEqual(0.7);
  expect(spoke[2]).toBeLessThan(2);
  expect(result.streams[0]!.clears).toHaveLength(3);
  expect(result.streams[0]!.clears.at(-1)!.droppedBytes).toBeGreaterThan(0);
  const loud = result.heard.filter((byte) => byte !== 0xff).length;
  expect(loud).toBe(result.streams[0]!.playedBytes);
  expect(log.every(([sid]) => sid === call.callSid)).toBe(true);
  expect(log.map(([, kind]) => kind)).toEqual(result.timeline.map(({ kind }) => kind));

  const wav = toStereoWav(result);
  expect(wav.length).toBe(44 + 4 * result.heard.length);
  const at = entriesOf(result.timeline, "caller-speaking")[0]!.atMs;
  const left = (ms: number) => Math.abs(wav.readInt16LE(44 + 4 * Math.round(ms * 8)));
  expect(left(at + 250)).toBeGreaterThan(1000);
  expect(left(at - 100)).toBe(0);
});

test("a script that waits in vain ends the call and says why", async () => {
  double = await startDouble({ speed: 20 });
  double.on("/voice", connectTwiml(double.publicUrl));
  const result = await double.call({ caller: [{ do: "wait-for-agent", timeoutMs: 1000 }] }).done;
  expect(result.scriptError).toMatch(/^step 1 \(wait-for-agent\) waited in vain/);
  expect(result.endedBy).toBe("caller");
});

test("line noise is there between words, and is not silence", async () => {
  double = await startDouble({ speed: 20 });
  double.on("/voice", xml('<Pause length="1"/><Say>hello</Say><Pause length="2"/>'));
  const result = await double.call({ noiseFloor: 30 }).done;
  const { atMs } = entriesOf(result.timeline, "answered")[0]!;
  const spoken = result.spoken.subarray(Math.ceil(atMs) * 8, Math.ceil(atMs) * 8 + 8000);
  expect(new Set(spoken).size).toBeGreaterThan(5);
  // Noise counts as nobody speaking.
  expect(entriesOf(result.timeline, "caller-speaking")).toEqual([]);
});

test("a call is cut when it has lasted long enough", async () => {
  double = await startDouble({ speed: 20 });
  double.on("/voice", connectTwiml(double.publicUrl));
  const result = await double.call({ maxMs: 2000 }).done;
  expect(result.endedBy).toBe("time-limit");
  expect(result.lengthMs).toBeGreaterThanOrEqual(2000);
});

test("forty calls at once, each with its own audio and nothing of another's", async () => {
  double = await startDouble({ speed: 10 });
  double.on("/voice", connectTwiml(double.publicUrl, ' action="/after"'));
  double.on("/after", xml("<Hangup/>"));
  double.onStream((stream) => {
    void stream
      .next((m) => m.event === "start")
      .then(() => {
        // Each hears a number of bytes that is its own.
        const index = double.streams.indexOf(stream);
        stream.play(new Uint8Array(2000 + index).fill(index + 1));
        stream.mark("played");
        return stream.next((m) => m.event === "mark");
      })
      .then(() => stream.socket.close(1000));
  });
  const results = await Promise.all(Array.from({ length: 40 }, () => double.call().done));
  const heard = results.map(({ heard }) => heard.filter((byte) => byte !== 0xff));
  expect(heard.map((bytes) => bytes.length).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 40 }, (_, i) => 2000 + i),
  );
  expect(heard.every((bytes) => new Set(bytes).size === 1 && bytes[0] === bytes.length - 1999)).toBe(true);
  expect(new Set(results.map(({ callSid }) => callSid)).size).toBe(40);
  expect(results.every(({ endedBy }) => endedBy === "hangup-verb")).toBe(true);
});

test("closing ends what still runs, and nothing happens afterwards", async () => {
  double = await startDouble({ speed: 10 });
  double.on("/voice", connectTwiml(double.publicUrl));
  const calls = Array.from({ length: 3 }, (_, i) =>
    double.call(i === 0 ? { faults: { ending: { close: false } } } : {}),
  );
  await Promise.all(calls.map((call) => call.waitFor((entry) => entry.kind === "stream-started")));
  await double.sim.close();
  const results = await Promise.all(calls.map((call) => call.done));
  expect(results.map(({ endedBy }) => endedBy)).toEqual([
    "simulation-closed",
    "simulation-closed",
    "simulation-closed",
  ]);
  await Promise.all(double.streams.map(({ closed }) => closed));
  // Everything a test could still do with a call that is over is harmless.
  for (const call of calls) {
    call.hangUp();
    call.press("1");
    call.say(tone(20));
    call.abort();
    call.pause();
    call.resume();
    call.vanish();
    call.sendRaw("x");
  }
  await double.sim.close();
  await expect(fetch(double.sim.baseUrl)).rejects.toThrow("fetch failed");
});

test("waiting: for what has been, what comes, in vain, and for a call that ends first", async () => {
  double = await startDouble({ speed: 10 });
  double.on("/voice", connectTwiml(double.publicUrl));
  const call = double.call();
  const kind = (wanted: TimelineEntry["kind"]) => (entry: TimelineEntry) => entry.kind === wanted;
  expect(await call.waitFor(kind("stream-started"))).toMatchObject({ kind: "stream-started" });
  expect(await call.waitFor(kind("placed"))).toMatchObject({ atMs: expect.any(Number) });
  await expect(call.waitFor(kind("dial"), { timeoutMs: 30 })).rejects.toThrow(/waited 30 ms in vain.*stream-started/s);
  const keys: string[] = [];
  const stop = call.on("key", ({ digit }) => keys.push(digit));
  call.press("1");
  stop();
  call.press("2");
  expect(keys).toEqual(["1"]);
  const never = call.waitFor(kind("dial"));
  call.hangUp();
  await expect(never).rejects.toThrow("the call ended before");
  await call.done;
  await expect(call.waitFor(kind("dial"))).rejects.toThrow("the call ended before");
});

test("a speed that is none and a port that is taken are told", async () => {
  double = await startDouble();
  expect(() => double.call({ speed: 0 })).toThrow(RangeError);
  const port = Number(new URL(double.sim.baseUrl).port);
  await expect(startTwilioSim({ accountSid: "AC1", authToken: "t", port })).rejects.toThrow("EADDRINUSE");
});
