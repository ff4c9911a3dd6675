// The carrier's end of the bench, a process of its own: places signed calls the way Twilio does, or plain ones at the floor,
// and then only streams. Everything that costs (signing, TwiML) happens before a load is measured.
import { once } from "node:events";
import twilio from "twilio";
import { WebSocket } from "ws";
import { createTicker, serve, type Effort } from "./far-side.ts";
import { startPhoneCall, type PhoneCall, type PhoneCounts, type PhoneStory } from "./phone-call.ts";
import { headlessPieces } from "./speech-noise.ts";
import { CALLER_HEADER, sharedNow } from "./stamp.ts";

export interface Placing {
  readonly calls: number;
  readonly target: ServiceTarget | FloorTarget;
  /** ms between the beginnings of two calls. */
  readonly spacingMs: number;
}

export interface ServiceTarget {
  readonly kind: "service";
  /** http://127.0.0.1:port, which is the WEBHOOK_URL too. */
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
}

export interface FloorTarget {
  readonly kind: "floor";
  readonly url: string;
}

export interface PhoneWindow {
  /** One-way delays of the agent's audio, ms. */
  readonly delaysMs: Float64Array;
  readonly framesSent: number;
  readonly mediaReceived: number;
  readonly effort: Effort;
}

const FRAME_MS = 20;
const voice = headlessPieces(FRAME_MS, 100, CALLER_HEADER);
const counts: PhoneCounts = { framesSent: 0, mediaReceived: 0, delaysMs: [] };
let calls: PhoneCall[] = [];
let callsEver = 0;
let hushed = false;

const ticker = createTicker((now) => {
  if (!hushed) for (const call of calls) call.tick(now);
});

const questions = {
  /** Places the calls; comes back when all of them stream. Their numbers count from 0. */
  async place({ calls: count, target, spacingMs }: Placing): Promise<void> {
    hushed = false;
    const begun = sharedNow();
    const placed = Array.from({ length: count }, async (_, call) => {
      await until(begun + call * spacingMs);
      calls.push(await place(call, target, ((call * FRAME_MS) / count) % FRAME_MS));
    });
    await Promise.all(placed);
  },
  /** A new window of measurement begins. */
  reset(): void {
    ticker.reset();
    counts.framesSent = counts.mediaReceived = 0;
    counts.delaysMs.length = 0;
  },
  /** What the present window has seen. */
  window: (): PhoneWindow => ({
    delaysMs: Float64Array.from(counts.delaysMs),
    framesSent: counts.framesSent,
    mediaReceived: counts.mediaReceived,
    effort: ticker.effort(),
  }),
  /** Nobody says anything any more, until others call. */
  hush: () => void (hushed = true),
  stories: (): readonly PhoneStory[] => calls.map((call) => call.story()),
  /** Everybody hangs up; comes back with how each call went. */
  async hangUp(): Promise<readonly PhoneStory[]> {
    for (const call of calls) call.hangUp();
    const giveUp = sharedNow() + 5000;
    while (calls.some((call) => call.story().closeCode === undefined) && sharedNow() < giveUp)
      await until(sharedNow() + 10);
    const stories = calls.map((call) => call.story());
    calls = [];
    return stories;
  },
};
export type PhoneQuestions = typeof questions;

async function place(call: number, target: ServiceTarget | FloorTarget, phaseMs: number): Promise<PhoneCall> {
  const callSid = `CA${(++callsEver).toString(16).padStart(32, "0")}`;
  const accountSid = target.kind === "service" ? target.accountSid : "AC0";
  const { url, headers, token } =
    target.kind === "service" ? await ring(callSid, target) : { ...target, headers: {}, token: "" };
  const socket = new WebSocket(url, { perMessageDeflate: false, headers });
  await once(socket, "open");
  if (socket.extensions !== "") throw new Error(`extensions were agreed on: ${socket.extensions}`);
  const now = sharedNow();
  const firstFrameMs = now - (now % FRAME_MS) + FRAME_MS + phaseMs;
  return startPhoneCall({ call, callSid, accountSid, token, socket, counts, voice, firstFrameMs });
}

/** The webhook: says where to stream to, with which token. */
async function ring(callSid: string, { url, accountSid, authToken }: ServiceTarget) {
  const form = {
    CallSid: callSid,
    AccountSid: accountSid,
    From: "+15550001111",
    To: "+15550002222",
    CallStatus: "ringing",
    Direction: "inbound",
    ApiVersion: "2010-04-01",
  };
  const response = await fetch(`${url}/voice`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": twilio.getExpectedTwilioSignature(authToken, `${url}/voice`, form),
    },
    body: new URLSearchParams(form).toString(),
  });
  const twiml = await response.text();
  const stream = /<Stream url="([^"]+)"/.exec(twiml)?.[1];
  const token = /<Parameter name="token" value="([^"]+)"/.exec(twiml)?.[1];
  if (!stream || !token) throw new Error(`no stream was offered: ${response.status} ${twiml}`);
  const signature = twilio.getExpectedTwilioSignature(authToken, stream, {});
  return { url: stream, token, headers: { "x-twilio-signature": signature } };
}

function until(sharedMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, sharedMs - sharedNow())));
}

serve(questions);
