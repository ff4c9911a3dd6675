// The demo's second call: an organization with words, questions and people of its own, a caller with an emergency, and the human who
// takes the call.
import { speakMulaw } from "../../src/sim/speak.ts";
import type { CallerScript, DialOutcome } from "../../src/sim/twilio/index.ts";
import { recorded, turn } from "./story.ts";

export const CLINIC = "clinic";
export const CLINIC_NUMBER = "+15550004444";
export const NURSE = "+15550005555";

/** Sent to POST /api/org/config/clinic. */
export const CLINIC_CONFIG = {
  name: "Lakeside Clinic",
  numbers: [CLINIC_NUMBER],
  greeting: "Lakeside Clinic, you are speaking with an AI assistant. Who is calling, please?",
  facts: ["The clinic is at 12 Lake Road."],
  intake: {
    fields: [
      { name: "caller_name", type: "text", ask: "Who is calling?" },
      { name: "patient", type: "text", ask: "Whom is it about?", required: false },
    ],
  },
  escalation: {
    mode: "warm",
    contacts: [{ name: "the duty nurse", number: NURSE }],
    emergency_words: "If you can, call nine one one now. Stay on the line, I am getting a nurse for you.",
  },
};

export const clinicCaller: CallerScript = [
  ...turn(recorded("ada-miller")),
  ...turn(recorded("chest-pain")),
  { do: "wait-for-hang-up", timeoutMs: 60_000 },
];

/** She hears who calls and why, takes the call with a key, and talks. */
export async function nurse(): Promise<DialOutcome> {
  const audio = await speakMulaw("This is the duty nurse. An ambulance is on its way. Is he awake?", {
    voice: "agent",
  });
  return { status: "completed", ringMs: 2000, keys: "1", keyAfterMs: 600, talkMs: audio.length / 8 + 500, audio };
}
