// Who may have a call, and at whose cost: forged and repeated webhooks, stolen stream tokens, callers whose number nobody vouches
// for, more callers than there is room for, and streams that send what no phone network sends.
import { once } from "node:events";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";
import { WebSocket } from "ws";
import type { BrainInput } from "../../src/sim/openai/index.ts";
import type { CallFaults } from "../../src/sim/twilio/index.ts";
import { until } from "../support/until.ts";
import {
  ACCOUNT_SID,
  answer,
  AUTH_TOKEN,
  CALLER,
  DESK,
  heardReplies,
  listen,
  sideBySide,
  words,
  type Flow,
} from "./kit.ts";

const sid = (n: number): string => `CA${n.toString(16).padStart(32, "0")}`;

interface Webhook {
  readonly params?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly signature?: string;
}

/** A webhook as Twilio sends it, or nearly. */
async function post(flow: Flow, n: number, webhook: Webhook = {}) {
  const { path = "/voice", token = AUTH_TOKEN } = webhook;
  const params = {
    CallSid: sid(n),
    AccountSid: ACCOUNT_SID,
    From: CALLER,
    To: DESK,
    CallStatus: "ringing",
    Direction: "inbound",
    ...webhook.params,
  };
  const signature = webhook.signature ?? getExpectedTwilioSignature(token, flow.url + path, params);
  const answered = await fetch(flow.url + path, {
    method: "POST",
    body: new URLSearchParams(params),
    headers: { ...(signature && { "x-twilio-signature": signature }), ...webhook.headers },
  });
  return { status: answered.status, type: answered.headers.get("content-type") ?? "", text: await answered.text() };
}

const tokenOf = (twiml: string): string => /name="token" value="([^"]+)"/.exec(twiml)?.[1] ?? "";

interface Opened {
  readonly socket: WebSocket;
  /** The code it is closed with, whenever that was. */
  readonly closed: Promise<number>;
}

/** Opens a stream with a good signature. */
async function stream(flow: Flow): Promise<Opened> {
  const url = `${flow.url.replace("http", "ws")}/media-stream`;
  const socket = new WebSocket(url, {
    headers: { "x-twilio-signature": getExpectedTwilioSignature(AUTH_TOKEN, url, {}) },
  });
  socket.on("error", () => undefined);
  const closed = once(socket, "close").then(([code]) => code as number);
  await once(socket, "open");
  return { socket, closed };
}

const startMessage = (
  callSid: string,
  token: string | undefined,
  accountSid = ACCOUNT_SID,
  streamSid = `MZ${"1".repeat(32)}`,
): string =>
  JSON.stringify({
    event: "start",
    sequenceNumber: "1",
    streamSid,
    start: {
      streamSid,
      accountSid,
      callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: token === undefined ? {} : { token },
    },
  });

/** Sends a start and tells how it ends. */
async function refused(flow: Flow, message: string): Promise<number> {
  const { socket, closed } = await stream(flow);
  socket.send(message);
  return closed;
}

describe("F18: webhooks nobody signed", () => {
  test(
    "are refused under any Host, and cost nothing",
    sideBySide(async (start) => {
      const flow = await start();
      const forged = Buffer.from("a signature of 20 B.").toString("base64");
      const attempts: Webhook[] = [
        { signature: forged },
        { token: "another-accounts-token-0123456789" },
        { signature: "" },
        { signature: "not base64 at all!" },
        { params: { AccountSid: `AC${"6".repeat(32)}` } },
        { path: "/voice/after-stream", signature: forged },
        { path: "/voice/status", signature: forged },
      ];
      for (let n = 0; n < 210; n++) {
        const { status, type, text } = await post(flow, n, attempts[n % attempts.length]);
        expect(status).toBe(403);
        expect(type).toMatch(/^application\/problem\+json/);
        expect(text).not.toContain(AUTH_TOKEN);
      }
      expect(flow.openai.counts).toMatchObject({ opened: 0, refused: 0 });
      expect(await flow.app.store.list({ limit: 10 })).toEqual([]);
      expect(await flow.metric("voice_auth_failures_total", { surface: "webhook" })).toBe(210);
      expect(await flow.metric("voice_internal_errors_total")).toBe(0);
    }),
  );

  test(
    "whole calls: a forged signature is refused, a good one passes under a malformed Host",
    sideBySide(async (start) => {
      const flow = await start();
      const dial = async (faults: CallFaults) =>
        flow.dial([{ do: "wait-for-agent" }, { do: "pause", ms: 500 }, { do: "hang-up" }], { faults }).done;
      for (const signature of ["forged", "none", { token: "x".repeat(32) }] as const) {
        const result = await dial({ signature });
        expect(result.streams).toEqual([]);
        expect(result.timeline.flatMap((entry) => (entry.kind === "request" ? [entry.status] : []))[0]).toBe(403);
      }
      expect(flow.openai.counts.opened).toBe(0);
      for (const host of ["a b", "[::1", "evil.example.com"]) {
        const result = await dial({ host });
        expect(result.streams).toHaveLength(1);
      }
      expect(flow.openai.counts.opened).toBe(3);
    }),
  );
});

describe("F19: streams nobody may have", () => {
  test(
    "the upgrade: no signature, a forged one, a query, another path",
    sideBySide(async (start) => {
      const flow = await start();
      const ws = flow.url.replace("http", "ws");
      const attempt = async (path: string, signature: string | undefined): Promise<number> => {
        const socket = new WebSocket(ws + path, {
          headers: signature === undefined ? {} : { "x-twilio-signature": signature },
        });
        socket.on("error", () => undefined);
        const [, response] = (await once(socket, "unexpected-response")) as [
          unknown,
          { statusCode: number; resume(): void },
        ];
        response.resume();
        socket.terminate();
        return response.statusCode;
      };
      const good = (path: string): string => getExpectedTwilioSignature(AUTH_TOKEN, ws + path, {});
      expect(await attempt("/media-stream", undefined)).toBe(403);
      expect(await attempt("/media-stream", "forged")).toBe(403);
      expect(await attempt("/media-stream?x=1", good("/media-stream?x=1"))).toBe(403);
      expect(await attempt("/elsewhere", good("/elsewhere"))).toBe(404);
      expect(await flow.metric("voice_auth_failures_total", { surface: "upgrade" })).toBe(3);
      expect(flow.openai.counts.opened).toBe(0);
    }),
  );

  test(
    "tokens: none, forged, reused, another call's, another account's, expired",
    sideBySide(async (start) => {
      const flow = await start({ speed: 12 });
      const give = async (n: number): Promise<string> => tokenOf((await post(flow, n)).text);

      expect(await refused(flow, startMessage(sid(1), undefined))).toBe(1008);
      expect(await refused(flow, startMessage(sid(1), "0".repeat(32)))).toBe(1008);
      expect(flow.openai.counts.opened).toBe(0);

      // A made-up token closes what was opened for the call it names, at once; the caller still comes in.
      const mended = await give(9);
      await until("the voice is opened early", () => flow.openai.counts.open === 1);
      expect(await refused(flow, startMessage(sid(9), "0".repeat(32)))).toBe(1008);
      await until("it is closed", () => flow.openai.counts.open === 0);
      const caller = await stream(flow);
      caller.socket.send(startMessage(sid(9), mended));
      await once(caller.socket, "message");
      await until("it has a voice of its own", () => flow.openai.counts.opened === 2);
      caller.socket.close();
      await until("the call is over", () => flow.openai.counts.open === 0);

      // From here on each webhook may open its one socket, and no stream opens another.
      const mine = await give(10);
      const theirs = await give(11);
      expect(await refused(flow, startMessage(sid(10), theirs))).toBe(1008);
      expect(await refused(flow, startMessage(sid(11), theirs))).toBe(1008);
      expect(await refused(flow, startMessage(sid(10), mine, `AC${"6".repeat(32)}`))).toBe(1008);
      expect(await refused(flow, startMessage(sid(10), mine))).toBe(1008);
      await until("what was opened early is closed", () => flow.openai.counts.open === 0);

      const used = await give(12);
      const { socket } = await stream(flow);
      socket.send(startMessage(sid(12), used));
      await once(socket, "message");
      expect(await refused(flow, startMessage(sid(12), used))).toBe(1008);
      socket.close();

      const late = await give(13);
      await until("the early voice is given up", () => flow.openai.counts.open === 0);
      const issued = performance.now();
      await until(
        "a minute of the server's time has passed",
        () => (performance.now() - issued) * flow.speed > 61_000,
        // At a sixth of the pace it takes half of that.
        60_000,
      );
      expect(await refused(flow, startMessage(sid(13), late))).toBe(1008);

      expect(await flow.metric("voice_auth_failures_total", { surface: "stream-token" })).toBe(9);
      expect(flow.openai.counts.opened).toBe(6);
      expect(await flow.metric("voice_calls_started_total")).toBe(2);
      expect(await flow.callsActive()).toBe(0);
    }),
  );

  test(
    "F13: sockets that never start are closed after five seconds, at no cost",
    sideBySide(async (start) => {
      const flow = await start({ speed: 10 });
      const opened = performance.now();
      const sockets = await Promise.all(Array.from({ length: 40 }, () => stream(flow)));
      const codes = await Promise.all(sockets.map(({ closed }) => closed));
      expect(new Set(codes)).toEqual(new Set([1008]));
      expect((performance.now() - opened) * flow.speed).toBeGreaterThan(4900);
      expect(flow.openai.counts).toMatchObject({ opened: 0, refused: 0 });
      expect(await flow.metric("voice_start_timeouts_total")).toBe(40);
    }),
  );
});

test(
  "F17: webhooks that come again and again are one call",
  sideBySide(async (start) => {
    const flow = await start();
    const { result, record } = await flow.run([...answer("opening-hours"), listen(), { do: "hang-up" }], {
      faults: { duplicateWebhooks: 3 },
    });
    expect(result.scriptError).toBeUndefined();
    expect(record.turns).toHaveLength(1);
    expect(await flow.app.store.list({ limit: 10 })).toHaveLength(1);
    expect(flow.openai.counts.opened).toBe(1);
    expect(await flow.metric("voice_calls_started_total")).toBe(1);
    expect(await flow.metric("voice_calls_ended_total")).toBe(1);
    expect(await flow.metric("voice_webhook_duplicates_total")).toBeGreaterThanOrEqual(6);
  }),
);

describe("streams that send what no phone network sends", () => {
  test(
    "F9: fifty bad frames in ten seconds end that call, and no other",
    sideBySide(async (start) => {
      const flow = await start();
      const good = flow.dial([...answer("opening-hours"), listen(), { do: "hang-up" }]);
      const bad = flow.dial([{ do: "wait-for-hang-up" }]);
      await bad.waitFor(({ kind }) => kind === "agent-speaking");
      for (let n = 0; n < 50; n++)
        bad.sendRaw(
          ["{", "[]", '{"event":7}', '{"event":"media","media":{"payload":"***"}}', Buffer.from([0xff, 0x00])][
            n % 5
          ] as string,
        );
      expect((await flow.record(bad.callSid)).endReason).toBe("bad-frames");
      expect((await bad.done).streams[0]?.end?.code).toBe(1007);
      expect(await flow.metric("voice_bad_frames_total")).toBe(50);
      await good.done;
      expect(heardReplies(await flow.record(good.callSid))[0]).toMatch(/We are open/);
    }),
  );

  test(
    "F10: a message of more than 64 KiB ends that call",
    sideBySide(async (start) => {
      const flow = await start();
      const good = flow.dial([...answer("opening-hours"), listen(), { do: "hang-up" }]);
      const { result, record } = await flow.run([{ do: "wait-for-hang-up" }], {
        faults: { frames: { oversize: { atMs: 3000, bytes: 70_000 } } },
      });
      expect(result.streams[0]?.end?.code).toBe(1009);
      expect(record.endReason).toBe("protocol");
      await good.done;
      expect((await flow.record(good.callSid)).turns).toHaveLength(1);
    }),
  );

  test(
    "F11: loss, disorder and repetition are silence at worst",
    sideBySide(async (start) => {
      // What is left of the words is not the recordings any more.
      const said = [words("opening-hours").text, words("goodbye").text];
      const flow = await start({ openai: { script: { transcripts: said } } });
      const { result, record } = await flow.run(
        [...answer("opening-hours"), ...answer("goodbye"), { do: "wait-for-hang-up" }],
        {
          faults: { frames: { drop: 0.05, duplicate: 0.05, shuffle: 0.05, gaps: [{ atMs: 1000, ms: 1500 }] } },
        },
      );
      expect(result.scriptError).toBeUndefined();
      expect(record.endReason).toBe("agent-hangup");
      expect(record.turns).toHaveLength(2);
      const [session] = flow.openai.sessions;
      const streamMs = (result.streams[0]?.endedMs ?? 0) - (result.streams[0]?.startedMs ?? 0);
      expect(Math.abs((session?.inputMs ?? 0) - streamMs)).toBeLessThan(flow.within(300));
      expect(await flow.metric("voice_media_gap_ms_total")).toBeGreaterThanOrEqual(1500);
    }),
  );

  test(
    "F12: a second start: the same is ignored, another ends the call",
    sideBySide(async (start) => {
      const flow = await start();
      const same = await flow.run([...answer("opening-hours"), listen(), { do: "hang-up" }], {
        faults: { duplicateStart: { atMs: 2000, streamSid: "same" } },
      });
      expect(same.record).toMatchObject({ endReason: "caller-hangup" });
      expect(same.record.turns).toHaveLength(1);
      const other = await flow.run([{ do: "wait-for-hang-up" }], {
        faults: { duplicateStart: { atMs: 2000, streamSid: "other" } },
      });
      expect(other.record.endReason).toBe("protocol");
      expect(other.result.streams[0]?.end?.code).toBe(1008);
      expect(await flow.metric("voice_protocol_violations_total", { kind: "second-start" })).toBe(2);
      expect(flow.openai.counts.opened).toBe(2);
    }),
  );

  test(
    "F14: media before start is dropped, and the call goes on",
    sideBySide(async (start) => {
      const flow = await start();
      const { record } = await flow.run([...answer("opening-hours"), listen(), { do: "hang-up" }], {
        faults: { mediaBeforeStart: 500 },
      });
      expect(record.turns).toHaveLength(1);
      expect(await flow.metric("voice_protocol_violations_total", { kind: "before-start" })).toBe(500);
    }),
  );

  test(
    "F27: a peer that does not read is not flooded, and its call ends all the same",
    sideBySide(async (start) => {
      const text = Array.from({ length: 400 }, (_, i) => `This is sentence number ${i}.`).join(" ");
      const flow = await start({
        speed: 12,
        openai: { script: { brain: () => text } },
        settings: { MAX_CALL_MINUTES: "0.5" },
      });
      const paused = flow.dial([...answer("opening-hours"), { do: "wait-for-hang-up", timeoutMs: 120_000 }], {
        faults: { pauseReadingAtMs: 9000 },
      });
      const good = flow.dial([...answer("how-long"), { do: "pause", ms: 5000 }, { do: "hang-up" }]);
      const record = await flow.record(paused.callSid);
      expect(["slow-consumer", "time-limit"]).toContain(record.endReason);
      // Twenty seconds are sent ahead of the ear at most, whatever the assistant still has to say.
      const reply = record.replies.find(({ kind }) => kind === "reply");
      expect(reply?.generated.length).toBeGreaterThan(300);
      expect(reply?.sentMs).toBeLessThan((record.durationSeconds ?? 0) * 1000 + 21_000);
      paused.hangUp();
      await Promise.all([paused.done, good.done]);
      expect((await flow.record(good.callSid)).endReason).toBe("caller-hangup");
      expect(await flow.callsActive()).toBe(0);
    }),
  );
});

describe("THREAD_PER=caller", () => {
  /** What the assistant knows at each question. */
  async function asked(flow: Flow, seen: BrainInput[], options: Parameters<Flow["run"]>[1]): Promise<string> {
    const before = seen.length;
    await flow.run([...answer("how-long"), listen(), { do: "hang-up" }], options);
    return seen
      .slice(before)
      .map(({ history }) => history.map(({ text }) => text).join(" "))
      .join(" ");
  }
  const vouched = { extraParams: { StirVerstat: "TN-Validation-Passed-A" } };

  test(
    "only a caller the carrier vouches for goes on with their thread, and one call at a time",
    sideBySide(async (start) => {
      const seen: BrainInput[] = [];
      const brain = (input: BrainInput): string => {
        seen.push(input);
        return input.text.includes("opening hours") ? "The password is swordfish." : "It takes an hour.";
      };
      const flow = await start({ settings: { THREAD_PER: "caller" }, openai: { script: { brain } } });
      await flow.run([...answer("opening-hours"), listen(), { do: "hang-up" }], vouched);

      const forged = [
        { extraParams: { StirVerstat: "No-TN-Validation" } },
        { extraParams: { StirVerstat: "TN-Validation-Passed-B" } },
        { extraParams: { StirVerstat: "TN-Validation-Failed" } },
      ];
      for (const options of forged) expect(await asked(flow, seen, options)).not.toContain("swordfish");
      expect(await asked(flow, seen, { ...vouched, from: "+266696687" })).not.toContain("swordfish");
      expect(await asked(flow, seen, { ...vouched, from: "anonymous" })).not.toContain("swordfish");
      expect(await asked(flow, seen, { ...vouched, from: "+15551119999" })).not.toContain("swordfish");
      expect(await asked(flow, seen, vouched)).toContain("swordfish");

      // Two calls of the same number at once: the first has the thread, the second a fresh one.
      const first = flow.dial([{ do: "wait-for-agent" }, { do: "pause", ms: 20_000 }, { do: "hang-up" }], vouched);
      await first.waitFor(({ kind }) => kind === "agent-speaking");
      expect(await asked(flow, seen, vouched)).not.toContain("swordfish");
      first.hangUp();
      await first.done;
      await flow.record(first.callSid);
      expect(await asked(flow, seen, vouched)).toContain("swordfish");
    }),
  );

  test(
    "by default every call has a thread of its own",
    sideBySide(async (start) => {
      const seen: BrainInput[] = [];
      const brain = (input: BrainInput): string => {
        seen.push(input);
        return "The password is swordfish.";
      };
      const flow = await start({ openai: { script: { brain } } });
      await flow.run([...answer("opening-hours"), listen(), { do: "hang-up" }], vouched);
      expect(await asked(flow, seen, vouched)).not.toContain(words("opening-hours").text);
    }),
  );
});

test(
  "over MAX_CALLS: the busy words at once, and room again as soon as somebody leaves",
  sideBySide(async (start) => {
    const flow = await start({ settings: { MAX_CALLS: "2", SILENCE_PROMPT_S: "600" } });
    const stay = () => flow.dial([{ do: "wait-for-agent" }, { do: "pause", ms: 60_000 }, { do: "hang-up" }]);
    const live = [stay(), stay()];
    for (const call of live) await call.waitFor(({ kind }) => kind === "agent-speaking");
    expect((await fetch(`${flow.url}/readyz`)).status).toBe(503);
    const turnedAway = await Promise.all(Array.from({ length: 10 }, () => flow.dial([]).done));
    for (const result of turnedAway) {
      expect(result.says).toEqual([expect.stringContaining("All of our lines are busy")]);
      expect(result).toMatchObject({ streams: [], endedBy: "hangup-verb" });
      expect(await flow.record(result.callSid)).toMatchObject({ endReason: "rejected" });
    }
    expect(flow.openai.counts.opened).toBe(2);
    expect(await flow.metric("voice_admission_rejected_total", { cause: "busy" })).toBe(10);
    live[0]?.hangUp();
    await live[0]?.done;
    await flow.record(live[0]?.callSid ?? "");
    const next = flow.dial([{ do: "wait-for-agent" }, { do: "hang-up" }]);
    expect((await next.done).streams).toHaveLength(1);
    live[1]?.hangUp();
    await live[1]?.done;
  }),
);

test(
  "bad requests get a problem, whatever they are",
  sideBySide(async (start) => {
    const flow = await start();
    const ask = async (path: string, init: RequestInit) => {
      const answered = await fetch(flow.url + path, init);
      const body = (await answered.json()) as { status: number; title: string };
      expect(answered.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(body.status).toBe(answered.status);
      return answered.status;
    };
    const signed = { "x-twilio-signature": "x" };
    expect(await ask("/voice", { method: "PUT" })).toBe(405);
    expect(await ask("/voice/status", { method: "GET", headers: signed })).toBe(405);
    expect(
      await ask("/voice", { method: "POST", headers: signed, body: new URLSearchParams({ a: "x".repeat(40_000) }) }),
    ).toBe(413);
    expect(await ask("/nothing", {})).toBe(404);
    expect(await ask("/api/calls", {})).toBe(401);
    expect(await ask("/health", { method: "DELETE" })).toBe(405);
    expect(await ask("/media-stream", {})).toBe(426);
  }),
);
