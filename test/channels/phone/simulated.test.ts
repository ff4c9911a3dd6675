// Whole calls from the simulated phone network through the channel: every ending a caller can meet, and every fault the network
// can have. The bridge is a double that speaks a tone and says how the call is to end.
import type { CallEnding } from "../../../src/core/call.ts";
import {
  entriesOf,
  startTwilioSim,
  type CallerScript,
  type CallFaults,
  type CallOptions,
  type CallResult,
  type SimCall,
  type TwilioSim,
} from "../../../src/sim/twilio/index.ts";
import { ACCOUNT, phone, TOKEN, until, WEBHOOK_URL, type Entered, type Phone } from "./support.ts";

// Call time runs faster than the wall, so that waits of the script are generous: the machine may be busy.
const PATIENT = { timeoutMs: 600_000 };
const HUMAN = "+15550003333";
const SPEED = 20;
const TONE = Buffer.alloc(800, 0x1e).toString("base64");

let t: Phone;
let sim: TwilioSim;
async function start(options: Parameters<typeof phone>[0] = {}): Promise<void> {
  t = await phone({ humanFor: () => ({ to: HUMAN }), ...options });
  sim = await startTwilioSim({ accountSid: ACCOUNT, authToken: TOKEN, seed: 1 });
}
afterEach(async () => {
  await sim.close();
  await t.close();
});

function call(options: Partial<CallOptions> = {}): SimCall {
  return sim.call({
    from: "+15550001111",
    to: "+15550002222",
    url: `http://127.0.0.1:${t.port}`,
    publicUrl: WEBHOOK_URL,
    statusCallback: "/voice/status",
    speed: SPEED,
    caller: [{ do: "wait-for-agent", ...PATIENT }, { do: "pause", ms: 200 }, { do: "hang-up" }],
    ...options,
  });
}

/** The bridge: speaks, and once that was heard, ends the call this way. */
const speaksThenEnds = (ending: CallEnding) => (entered: Entered) => {
  entered.line.play(TONE);
  entered.line.mark("spoken");
  entered.listen = (event) => {
    if (event.type !== "line.mark") return;
    void t.state.putEnding(entered.party.carrierId, ending).then(() => entered.line.close());
  };
};
const ends = ({ events }: Entered) => events.flatMap((event) => (event.type === "line.closed" ? [event.cause] : []));
const statusesOf = (result: CallResult) =>
  entriesOf(result.timeline, "request").map(({ url, status }) => [new URL(url).pathname, status]);

/** Whatever happened: one end for every line, no slot, no stream, nothing left. */
async function nothingLeft(): Promise<void> {
  await until(() => t.calls.slots() === 0 && t.channel.streams() === 0);
  for (const entered of t.calls.entered) {
    expect(ends(entered)).toHaveLength(1);
    expect(entered.events.at(-1)?.type).toBe("line.closed");
  }
  expect(t.log.lines.filter(({ level }) => level === "error")).toEqual([]);
}

describe("endings", () => {
  test("the caller hangs up: nothing is said after it, and Twilio has nothing to complain of", async () => {
    await start();
    t.calls.onEnter = ({ line }) => {
      line.play(TONE);
      line.mark("m");
    };
    const result = await call().done;
    expect(result).toMatchObject({ status: "completed", endedBy: "caller", says: [], debugger: [] });
    expect(result.streams[0]?.playedBytes).toBe(800);
    expect(t.calls.entered[0]?.events).toContainEqual({ type: "line.mark", name: "m" });
    expect(ends(t.calls.entered[0] as Entered)).toEqual(["hangup"]);
    expect(statusesOf(result).every(([, status]) => status === 200 || status === 204)).toBe(true);
    await until(() => t.calls.ended.length === 1);
    await nothingLeft();
  });

  test("the agent hangs up", async () => {
    await start();
    t.calls.onEnter = speaksThenEnds({ kind: "hangup", reason: "agent-hangup" });
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }] }).done;
    expect(result).toMatchObject({ status: "completed", endedBy: "hangup-verb", streamCloseCode: 1000, says: [] });
    await nothingLeft();
  });

  test.each<readonly [string, Partial<CallOptions>, boolean, boolean, string, string]>([
    ["is answered", { dialOutcome: { status: "completed", talkMs: 500 } }, false, true, "completed", ""],
    ["is busy", { dialOutcome: { status: "busy" } }, false, false, "busy", "nobody"],
    ["is not answered", { dialOutcome: { status: "no-answer" } }, false, false, "no-answer", "nobody"],
    ["cannot be reached", { dialOutcome: { status: "failed" } }, false, false, "failed", "nobody"],
    ["takes the call", { dialOutcome: { status: "completed", talkMs: 500, keys: "1" } }, true, true, "completed", ""],
    ["declines", { dialOutcome: { status: "completed", keys: "2" } }, true, false, "declined", "nobody"],
    ["says nothing", { dialOutcome: { status: "completed" } }, true, false, "declined", "nobody"],
  ])("a transfer to a human who %s", async (_, options, transferBriefing, bridged, outcome, said) => {
    await start({ transferBriefing });
    t.calls.onEnter = (entered) => {
      t.store.open(entered.party, new Date());
      speaksThenEnds({ kind: "transfer", reason: "transferred", to: "+15550004444", note: "Wants a refund." })(entered);
    };
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], ...options }).done;
    expect(result.scriptError).toBeUndefined();
    expect(result.dials).toMatchObject([{ number: "+15550004444", bridged }]);
    expect(result.says.join(" ").includes("nobody could be reached")).toBe(said === "nobody");
    if (transferBriefing) expect(result.twiml.some(({ xml }) => xml.includes("Wants a refund."))).toBe(true);
    const record = await t.store.findByCarrierId(result.callSid);
    expect(record?.timeline).toMatchObject([{ what: "transfer-outcome", detail: { outcome } }]);
    expect(result.debugger.filter(({ level }) => level === "error")).toEqual([]);
    await nothingLeft();
  });

  test("no voice: an apology and the configured human", async () => {
    await start();
    t.calls.onEnter = speaksThenEnds({ kind: "apologise", reason: "voice-unavailable" });
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }] }).done;
    expect(result.says.join(" ")).toMatch(/^I am sorry/);
    expect(result.dials).toMatchObject([{ number: HUMAN, status: "completed", bridged: true }]);
    await nothingLeft();
  });

  test.each(["busy", "draining"] as const)("no room (%s): told so, spoken, no stream", async (verdict) => {
    await start();
    t.calls.verdict = verdict;
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }] }).done;
    expect(result.says.join(" ")).toMatch(/lines are busy/);
    expect(result.streams).toEqual([]);
    expect(await t.store.findByCarrierId(result.callSid)).toMatchObject({ endReason: "rejected" });
    await nothingLeft();
  });

  test("the stream breaks, and the call goes on with another one", async () => {
    await start();
    let times = 0;
    t.calls.onEnter = (entered) => {
      if (++times === 2) return speaksThenEnds({ kind: "hangup", reason: "agent-hangup" })(entered);
      entered.line.play(TONE);
      entered.listen = ({ type }) => {
        if (type === "line.closed") {
          void t.state.putEnding(entered.party.carrierId, { kind: "reconnect", reason: "line-lost" });
        }
      };
      return undefined;
    };
    // The second stream has said its piece long before the same would befall it.
    const faults: CallFaults = { abruptCloseAtMs: 3000, duplicateWebhooks: 2 };
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], faults, speed: 10 }).done;
    expect(result.streams).toHaveLength(2);
    expect(new Set(t.calls.entered.map(({ party }) => party.callId)).size).toBe(1);
    expect(t.calls.entered.map((entered) => ends(entered))).toEqual([["network"], ["closed-by-us"]]);
    expect(result.says).toEqual([]);
    await nothingLeft();
  });

  test("the stream breaks without a word of the bridge: an apology and the human", async () => {
    await start();
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], faults: { abruptCloseAtMs: 200 } })
      .done;
    expect(result.says.join(" ")).toMatch(/^I am sorry/);
    expect(result.dials).toMatchObject([{ number: HUMAN }]);
    await nothingLeft();
  });
});

describe("requests that are not Twilio's", () => {
  test.each<CallFaults["signature"]>(["none", "forged", { token: "another-account" }])(
    "webhooks signed %j reach nothing",
    async (signature) => {
      await start();
      const result = await call({ faults: { signature: signature ?? "none" } }).done;
      expect(new Set(entriesOf(result.timeline, "request").map(({ status }) => status))).toEqual(new Set([403]));
      expect(t.calls.admitted).toEqual([]);
      expect(t.calls.ended).toEqual([]);
      await nothingLeft();
    },
  );

  test.each<readonly [string, CallFaults, number]>([
    ["none", { streamSignature: "none" }, 31_920],
    ["forged", { streamSignature: "forged" }, 31_920],
    ["another account's", { streamSignature: { token: "another-account" } }, 31_920],
    ["a query", { streamUrlSuffix: "?token=1" }, 31_920],
  ])("an upgrade with %s is refused; the caller hears an apology and gets the human", async (_, faults, code) => {
    await start();
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], faults }).done;
    expect(result.debugger).toContainEqual(expect.objectContaining({ code }));
    expect(t.calls.entered).toEqual([]);
    expect(result.says.join(" ")).toMatch(/^I am sorry/);
    expect(t.meter.total("voice_stream_errors_total", { code: String(code) })).toBe(1);
    expect(await t.store.findByCarrierId(result.callSid)).toMatchObject({ endReason: "abandoned" });
    await nothingLeft();
  });

  test.each<readonly [string, CallFaults]>([
    ["a stolen token", { customParameters: { token: "stolen" } }],
    ["no token", { customParameters: {} }],
    ["another call", { startCallSid: `CA${"9".repeat(32)}` }],
    ["another account", { startAccountSid: `AC${"9".repeat(32)}` }],
  ])("a start with %s is closed with 1008 before any bridge, and the voice opened early with it", async (_, faults) => {
    // Nothing is given up because no stream came for so long.
    await start({ timing: { abandonAfterMs: 300_000, tokenTtlMs: 600_000 } });
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], faults }).done;
    expect(result.streamCloseCode).toBe(1008);
    expect(t.calls.entered).toEqual([]);
    expect(result.says.join(" ")).toMatch(/^I am sorry/);
    await nothingLeft();
  });

  test.each<readonly [string, CallFaults]>([
    ["signed with a slash", { streamSignature: "slash" }],
    ["under another Host", { host: "evil.example" }],
    ["under a malformed Host", { host: "[::1" }],
  ])("a call %s is served", async (_, faults) => {
    await start();
    t.calls.onEnter = ({ line }) => line.play(TONE);
    const result = await call({ faults }).done;
    expect(result).toMatchObject({ status: "completed", says: [] });
    expect(t.calls.entered).toHaveLength(1);
    await nothingLeft();
  });
});

describe("a network that misbehaves", () => {
  test("every webhook and callback three times is one call", async () => {
    await start();
    t.calls.onEnter = speaksThenEnds({ kind: "hangup", reason: "agent-hangup" });
    const result = await call({
      caller: [{ do: "wait-for-hang-up", ...PATIENT }],
      statusCallbackEvents: ["initiated", "ringing", "answered", "completed"],
      faults: { duplicateWebhooks: 2 },
    }).done;
    expect(result).toMatchObject({ status: "completed", says: [] });
    expect(t.calls.admitted).toHaveLength(1);
    expect(t.calls.entered).toHaveLength(1);
    expect(t.calls.ended).toEqual([[result.callSid, "completed"]]);
    await nothingLeft();
  });

  test("5 % of the frames lost, 5 % doubled, 5 % swapped: what is heard keeps time", async () => {
    await start();
    t.calls.onEnter = ({ line }) => line.play(TONE);
    const one = call({
      speed: 10,
      caller: [
        { do: "wait-for", condition: (nowMs) => nowMs >= (one.streams[0]?.startedMs ?? Infinity) + 6000, ...PATIENT },
        { do: "hang-up" },
      ],
      faults: { frames: { drop: 0.05, duplicate: 0.05, shuffle: 0.05, gaps: [{ atMs: 2000, ms: 1500 }] } },
    });
    await one.done;
    const heardMs = (t.calls.entered[0] as Entered).events.reduce(
      (ms, event) => (event.type === "line.audio" ? ms + Buffer.from(event.payload, "base64").length / 8 : ms),
      0,
    );
    // Frames lost at either end of the stream are no gap, and hanging up takes its time.
    expect(Math.abs(heardMs - 6000)).toBeLessThan(250);
    expect(t.meter.total("voice_media_gap_ms_total")).toBeGreaterThan(1500);
    expect(t.meter.total("voice_protocol_violations_total", { kind: "duplicate" })).toBeGreaterThan(0);
    expect(t.meter.total("voice_protocol_violations_total", { kind: "late" })).toBeGreaterThan(0);
    await nothingLeft();
  });

  test("frames before start, and a second start for the same stream, change nothing", async () => {
    await start();
    t.calls.onEnter = speaksThenEnds({ kind: "hangup", reason: "agent-hangup" });
    const result = await call({
      caller: [{ do: "wait-for-hang-up", ...PATIENT }],
      faults: { mediaBeforeStart: 20, duplicateStart: { atMs: 20, streamSid: "same" } },
    }).done;
    expect(result).toMatchObject({ streamCloseCode: 1000, says: [] });
    expect(t.calls.entered).toHaveLength(1);
    expect(t.meter.total("voice_protocol_violations_total", { kind: "before-start" })).toBe(20);
    await nothingLeft();
  });

  test("a second start for another stream ends the first one with 1008", async () => {
    await start();
    const faults: CallFaults = { duplicateStart: { atMs: 200, streamSid: "other" } };
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], faults }).done;
    expect(result.streamCloseCode).toBe(1008);
    expect(ends(t.calls.entered[0] as Entered)).toEqual(["protocol"]);
    await nothingLeft();
  });

  test("a stream without a start is closed in time; the caller hears an apology", async () => {
    await start({ timing: { startMs: 100 } });
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], faults: { noStart: true } }).done;
    expect(result.streamCloseCode).toBe(1008);
    expect(t.calls.entered).toEqual([]);
    expect(result.says.join(" ")).toMatch(/^I am sorry/);
    await nothingLeft();
  });

  test("a message that is too large ends the stream with 1009", async () => {
    await start();
    const faults: CallFaults = { frames: { oversize: { atMs: 200, bytes: 100_000 } } };
    const result = await call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], faults }).done;
    expect(result.streamCloseCode).toBe(1009);
    expect(ends(t.calls.entered[0] as Entered)).toEqual(["protocol"]);
    await nothingLeft();
  });

  test("a peer that vanishes with its socket open is found out by its silence", async () => {
    await start({ timing: { tickMs: 50, quietPingMs: 150, quietEndMs: 300 } });
    const one = call({ caller: [{ do: "wait-for-hang-up", ...PATIENT }], faults: { vanishAtMs: 200 } });
    await until(() => t.calls.entered.length === 1 && ends(t.calls.entered[0] as Entered).length === 1);
    expect(ends(t.calls.entered[0] as Entered)).toEqual(["no-media"]);
    one.hangUp();
    await one.done;
    await nothingLeft();
  });

  const endings = [true, false].flatMap((stop) =>
    ([true, false, "abrupt"] as const).flatMap((close) =>
      [true, false].map((statusCallback) => ({ stop, close, statusCallback })),
    ),
  );
  test.each(endings.filter(({ stop, close, statusCallback }) => stop || close || statusCallback))(
    "the call's end is told by %j alone",
    async (ending) => {
      await start();
      t.calls.onEnter = ({ line }) => line.play(TONE);
      await call({ faults: { ending, skipActionAfterHangUp: true } }).done;
      await nothingLeft();
      const [reason, ...more] = ends(t.calls.entered[0] as Entered);
      expect(more).toEqual([]);
      const isTorn = !ending.stop && ending.close === "abrupt";
      // The broken socket and the callback come by two ways: either may be here first.
      if (isTorn && ending.statusCallback) expect(["network", "hangup"]).toContain(reason);
      else expect(reason).toBe(isTorn ? "network" : "hangup");
    },
  );
});

test("ten calls at once, each with its own end", async () => {
  await start();
  t.calls.onEnter = (entered) => {
    const n = Number(entered.party.callId.split("-")[1]);
    if (n % 2 === 0) speaksThenEnds({ kind: "hangup", reason: "agent-hangup" })(entered);
    else entered.line.play(TONE);
  };
  let over = 0;
  const script: CallerScript = [
    { do: "wait-for-agent", ...PATIENT },
    // Who is to hang up does so when the others have been hung up on.
    { do: "wait-for", condition: () => over === 5, ...PATIENT },
    { do: "hang-up" },
  ];
  const results = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const result = await call({ speed: 5, caller: script }).done;
      over++;
      return result;
    }),
  );
  expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => "completed"));
  expect(results.map(({ endedBy }) => endedBy).sort()).toEqual([
    ...Array(5).fill("caller"),
    ...Array(5).fill("hangup-verb"),
  ]);
  await nothingLeft();
});
