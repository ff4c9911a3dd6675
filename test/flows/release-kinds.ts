// The kinds of calls that are counted, each with the reasons its record may have, and the organizations that make some of them end.
import type { EndReason } from "../../src/core/call.ts";
import type { CallFaults, CallerScript, SimCall } from "../../src/sim/twilio/index.ts";
import { answer, words, type OrganizationInput } from "./kit.ts";

const NUMBERS = {
  brief: "+15550006001",
  thrifty: "+15550006002",
  closed: "+15550006003",
  taken: "+15550006004",
} as const;
/** The shared state fails for them. */
export const UNLUCKY = "+15551119999";

/** A model whose every answer costs more than `thrifty` allows. */
export const PRICES = {
  currency: "USD",
  models: Object.fromEntries(
    ["gpt-realtime-2.1", "gpt-live-transcribe", "gpt-6-luna"].map((model) => [
      model,
      { per_million_tokens: { input: 100, audio_input: 100, output: 100, audio_output: 100 } },
    ]),
  ),
  carrier: { per_minute: 0.01 },
};

export const ORGANIZATIONS: Readonly<Record<string, OrganizationInput>> = {
  // Whoever asks for a person is handed on by the assistant, and does not come back.
  default: { escalation: { mode: "flag" } },
  brief: { name: "Brief", numbers: [NUMBERS.brief], limits: { call_minutes: 0.5 } },
  thrifty: { name: "Thrifty", numbers: [NUMBERS.thrifty], limits: { spend_per_call: 0.0001 } },
  closed: {
    name: "Closed",
    numbers: [NUMBERS.closed],
    hours: { timezone: "Europe/Vienna", open: [], after_hours: { behaviour: "hang_up", greeting: "We are closed." } },
  },
  taken: { name: "Taken", numbers: [NUMBERS.taken], limits: { concurrent_calls: 1 } },
};

/** A call that goes on until somebody ends it, and takes the only line of `taken`. */
export const HOLDER = { to: NUMBERS.taken, maxMs: 600_000 } as const;
export const forever = (): CallerScript => Array.from({ length: 60 }, () => answer("opening-hours")).flat();

export interface Kind {
  readonly caller: CallerScript;
  readonly faults?: CallFaults;
  readonly from?: string;
  readonly to?: string;
  /** It takes half a minute of the call: not in every round. */
  readonly once?: true;
  /** What the phone network does besides. */
  readonly besides?: (call: SimCall) => Promise<void>;
  /** Reasons its record may have; none for a call that never became one. */
  readonly ends: readonly EndReason[];
}

export const untilTheEnd = { do: "wait-for-hang-up", timeoutMs: 120_000 } as const;
export const greeted: CallerScript = [{ do: "wait-for-agent" }, { do: "pause", ms: 300 }];

const talkative: CallerScript = [...Array.from({ length: 6 }, () => answer("opening-hours")).flat(), untilTheEnd];

export const KINDS: Readonly<Record<string, Kind>> = {
  "leaves in the greeting": { caller: [...greeted, { do: "hang-up" }], ends: ["caller-hangup"] },
  "leaves at once": { caller: [{ do: "hang-up" }], ends: ["caller-hangup", "abandoned"] },
  "leaves while speaking": {
    caller: [...greeted, { do: "say", ...words("how-long"), wait: false }, { do: "pause", ms: 600 }, { do: "hang-up" }],
    ends: ["caller-hangup"],
  },
  "leaves in the answer": {
    caller: [...answer("opening-hours"), { do: "wait-for-agent" }, { do: "pause", ms: 500 }, { do: "hang-up" }],
    ends: ["caller-hangup"],
  },
  "interrupts and leaves": {
    caller: [...answer("opening-hours"), { do: "interrupt", afterMs: 800, ...words("stop") }, { do: "hang-up" }],
    ends: ["caller-hangup"],
  },
  "types and leaves": {
    caller: [...greeted, { do: "press", digits: "12" }, { do: "pause", ms: 400 }, { do: "hang-up" }],
    ends: ["caller-hangup"],
  },
  "says goodbye": { caller: [...answer("goodbye"), untilTheEnd], ends: ["agent-hangup"] },
  "asks for a person": { caller: [...answer("person"), untilTheEnd], ends: ["transferred"] },
  "says nothing": { caller: [untilTheEnd], ends: ["silence"] },
  "breaks off": { caller: greeted, faults: { abruptCloseAtMs: 1500 }, ends: ["line-lost"] },
  vanishes: {
    caller: [{ do: "pause", ms: 15_000 }, { do: "hang-up" }],
    faults: { vanishAtMs: 800 },
    ends: ["no-media"],
  },
  "sends too much": {
    caller: greeted,
    faults: { frames: { oversize: { atMs: 600, bytes: 70_000 } } },
    ends: ["protocol"],
  },
  "starts twice": {
    caller: [untilTheEnd],
    faults: { duplicateStart: { atMs: 500, streamSid: "other" } },
    ends: ["protocol"],
  },
  "has a bad token": {
    caller: [untilTheEnd],
    faults: { customParameters: { token: "0".repeat(32) } },
    ends: ["abandoned"],
  },
  "never starts": { caller: [untilTheEnd], faults: { noStart: true }, ends: ["abandoned"] },
  "is forged": { caller: [], faults: { signature: "forged" }, ends: [] },
  "is forged at the upgrade": { caller: [], faults: { streamSignature: "forged" }, ends: ["abandoned"] },
  "only stops": {
    caller: [...greeted, { do: "hang-up" }],
    faults: { ending: { stop: true, close: false, statusCallback: false } },
    ends: ["caller-hangup"],
  },
  "only closes": {
    caller: [...greeted, { do: "hang-up" }],
    faults: { ending: { stop: false, close: true, statusCallback: false } },
    ends: ["caller-hangup"],
  },
  "only tells": {
    caller: [...greeted, { do: "hang-up" }],
    faults: { ending: { stop: false, close: false, statusCallback: true } },
    ends: ["caller-hangup"],
  },
  "sends rubbish": {
    caller: [untilTheEnd],
    async besides(call) {
      await call.waitFor(({ kind }) => kind === "agent-speaking");
      for (let n = 0; n < 50; n++) call.sendRaw('{"event":7}');
    },
    ends: ["bad-frames"],
  },
  "talks longer than allowed": { caller: talkative, to: NUMBERS.brief, once: true, ends: ["time-limit"] },
  "costs more than allowed": { caller: talkative, to: NUMBERS.thrifty, ends: ["spend-limit"] },
  "calls at night": { caller: [untilTheEnd], to: NUMBERS.closed, ends: ["after-hours"] },
  "calls where the line is taken": { caller: [], to: NUMBERS.taken, ends: ["rejected"] },
  "cannot be given a token": { caller: [], from: UNLUCKY, ends: ["internal-error"] },
};
