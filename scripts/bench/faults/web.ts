// Faults of what asks over HTTP: webhooks that come again, forged requests and streams, the order to stop, and more calls than
// there is room for.
import twilio from "twilio";
import { WebSocket } from "ws";
import { cpuMs } from "../process-cost.ts";
import { pause } from "../subject.ts";
import { all, hangUp, incoming, listen, newCallSid, onStand, one, signedPost, times, type Row } from "./stand.ts";

export async function repeated(): Promise<Row[]> {
  return onStand({ settings: { MAX_CALLS: "2000" }, openai: { faults: { refuse: "hang" } } }, async (stand) => {
    const { target } = stand.service;
    const took: number[] = [];
    let wrong = 0;
    for (let batch = 0; batch < 25; batch++) {
      const sids = Array.from({ length: 10 }, newCallSid);
      const answers = await Promise.all(
        [...sids, ...sids.toReversed(), ...sids].map(async (sid) => {
          const since = performance.now();
          const response = await signedPost(target, "/voice", incoming(target, sid));
          const body = await response.text();
          took.push(performance.now() - since);
          return [sid, response.status === 200 ? (/value="([^"]+)"/.exec(body)?.[1] ?? "none") : "none"] as const;
        }),
      );
      for (const sid of sids) {
        const tokens = new Set(answers.filter(([of]) => of === sid).map(([, token]) => token));
        if (tokens.size !== 1 || tokens.has("none")) wrong++;
      }
    }
    return [
      times("F17", "each of 250 webhooks three times, 30 at once", took, { share: 0.99, most: 200 }),
      all("F17", "answered with one and the same token", 250, 250 - wrong),
    ];
  });
}

export async function forged(): Promise<Row[]> {
  return onStand({}, async (stand) => {
    const { target } = stand.service;
    const before = cpuMs(stand.service.pid);
    let refused = 0;
    for (let batch = 0; batch < 200; batch++) {
      const statuses = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          signedPost(target, "/voice", incoming(target, newCallSid()), index % 2 ? "bm8=" : `${"A".repeat(27)}=`).then(
            async (response) => {
              await response.arrayBuffer();
              return response.status;
            },
          ),
        ),
      );
      refused += statuses.filter((status) => status === 403).length;
    }
    const each = (cpuMs(stand.service.pid) - before) / 10_000;
    const opened = stand.openai.counts.opened;
    const statuses = await Promise.all(forgeries(target.url, target.authToken).map(upgrade));
    return [
      all("F18", "forged webhooks refused with 403", 10_000, refused),
      one("F18", "CPU of each, the whole request", each, 1, "ms", 10_000),
      all(
        "F19",
        "forged upgrades refused before the handshake",
        statuses.length,
        statuses.filter((status) => status === 403 || status === 404).length,
      ),
      one("F19", "voices opened for them", stand.openai.counts.opened - opened, 0, "", statuses.length),
    ];
  });
}

function forgeries(url: string, token: string): { readonly url: string; readonly signature?: string }[] {
  const stream = `${url.replace("http", "ws")}/media-stream`;
  const sign = (signed: string, by = token): string => twilio.getExpectedTwilioSignature(by, signed, {});
  return [
    { url: stream },
    { url: stream, signature: "" },
    { url: stream, signature: "bm8=" },
    { url: stream, signature: sign(stream, "another-token-of-somebody-else") },
    { url: stream, signature: sign(stream.replace("ws", "https")) },
    { url: `${stream}?a=1`, signature: sign(`${stream}?a=1`) },
    { url: `${stream}/x`, signature: sign(`${stream}/x`) },
    { url: stream.replace("media-stream", "voice"), signature: sign(stream) },
  ];
}

function upgrade({ url, signature }: { readonly url: string; readonly signature?: string }): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, signature === undefined ? {} : { headers: { "x-twilio-signature": signature } });
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on("open", () => {
      resolve(101);
      socket.terminate();
    });
    socket.on("error", () => resolve(0));
  });
}

export async function stopped(): Promise<Row[]> {
  const patient = await onStand({ settings: { DRAIN_TIMEOUT_S: "30" } }, async (stand) => {
    const calls = Array.from({ length: 30 }, (_, index) =>
      stand.dial([listen(), { do: "pause", ms: 1000 + index * 150 }, hangUp]),
    );
    await pause(2500);
    stand.service.signal("SIGTERM");
    const results = await Promise.all(calls.map(({ done }) => done));
    const last = performance.now();
    const code = await stand.service.exited;
    const kept = results.filter(({ endedBy, scriptError }) => endedBy === "caller" && scriptError === undefined).length;
    return { after: performance.now() - last, code, kept };
  });
  const limited = await onStand({ settings: { DRAIN_TIMEOUT_S: "5" } }, async (stand) => {
    const calls = Array.from({ length: 20 }, (_, index) =>
      stand.dial([{ do: "wait-for-hang-up", timeoutMs: 40_000 }], index < 5 ? { faults: { lateMarksMs: 60_000 } } : {}),
    );
    await pause(2500);
    const since = performance.now();
    stand.service.signal("SIGTERM");
    const code = await stand.service.exited;
    const took = performance.now() - since;
    const results = await Promise.all(calls.map(({ done }) => done));
    const told = results.filter(
      ({ scriptError, endedBy }) => scriptError === undefined && endedBy === "hangup-verb",
    ).length;
    return { took, code, told };
  });
  return [
    all("F23", "SIGTERM: calls that went on to their end", 30, patient.kept),
    one("F23", "exit after the last call", patient.after, 1000, "ms"),
    all("F23", "at the limit (5 s): told goodbye, then hung up (5 return no marks)", 20, limited.told),
    one("F23", "exit with calls that never end, beyond the limit", limited.took - 5000, 5000, "ms"),
    all("F23", "exit code 0", 2, Number(patient.code === 0) + Number(limited.code === 0)),
  ];
}

const PLACES = 10;

/** Callers for whom there is no room, one by one and twenty at once, while those who came before are served. */
export async function crowded(): Promise<Row[]> {
  return onStand({ settings: { MAX_CALLS: String(PLACES) } }, async (stand) => {
    const { target } = stand.service;
    const served = Array.from({ length: PLACES }, () => stand.dial([{ do: "wait-for-hang-up", timeoutMs: 100_000 }]));
    for (const call of served) await call.waitFor(({ kind }) => kind === "agent-speaking");
    const opened = stand.openai.counts.opened;
    let told = 0;
    const ask = async (): Promise<number> => {
      const since = performance.now();
      const response = await signedPost(target, "/voice", incoming(target, newCallSid()));
      const twiml = await response.text();
      if (response.status === 200 && /<Say>All of our lines are busy.*<Hangup\/>/.test(twiml)) told++;
      return performance.now() - since;
    };
    const alone: number[] = [];
    const crowd: number[] = [];
    for (let n = 0; n < 200; n++) alone.push(await ask());
    for (let n = 0; n < 10; n++) crowd.push(...(await Promise.all(Array.from({ length: 20 }, ask))));
    const stayed = await stand.callsActive();
    for (const call of served) call.hangUp();
    await Promise.all(served.map(({ done }) => done));
    return [
      times("F30", "no room: busy, spoken, one caller after the other", alone, { share: 0.99, most: 100 }),
      times("F30", "the same, 20 callers at once", crowd, { share: 0.99, most: 100 }),
      all("F30", "told so", alone.length + crowd.length, told),
      all("F30", "calls that went on meanwhile", PLACES, stayed),
      one("F30", "voices opened for those", stand.openai.counts.opened - opened, 0, "", alone.length + crowd.length),
    ];
  });
}
