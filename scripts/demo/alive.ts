// Calls that go on coming while the demo is left running, so that there is something to see; and the simulated phone that the page can
// have called. Nothing here is checked: the two calls of the story are.
import type { CallerScript, DialOutcome, FarEnd, TwilioSim } from "../../src/sim/twilio/index.ts";
import { clinicCaller, CLINIC_NUMBER, nurse } from "./clinic.ts";
import { bookingCaller, recorded, turn } from "./story.ts";

/** Whom the page calls: the one who answers a simulated telephone. A number of the country that the demo may dial. */
export const PHONE = "+12025550147";

const CALLERS = ["+15550001111", "+15550001234", "+15550009876", "+15550004321", "+15550007007"];
const AT_ONCE = 2;
const PAUSE_MS = 4000;

const goodbye: CallerScript = [...turn(recorded("goodbye")), { do: "wait-for-hang-up", timeoutMs: 20_000 }];

const curious: CallerScript = [
  ...turn(recorded("opening-hours")),
  ...turn(recorded("how-long")),
  ...turn(recorded("repeat")),
  ...goodbye,
];
const wantsPerson: CallerScript = [
  ...turn(recorded("book-oil-change")),
  ...turn(recorded("person")),
  ...turn(recorded("okay")),
  ...goodbye,
];

/** Says hello, asks something, and lets the agent say goodbye. */
export const personAtPhone: FarEnd = {
  outcome: "answered",
  ringMs: 1500,
  caller: [
    { do: "pause", ms: 700 },
    { do: "say", ...recorded("hello-early") },
    ...turn(recorded("opening-hours")),
    ...turn(recorded("okay")),
    ...goodbye,
  ],
};

interface Kind {
  readonly to: string;
  readonly caller: CallerScript;
  readonly dialOutcome?: DialOutcome;
}

/** Calls come until the signal is aborted. */
export async function keepCalling(
  { twilio, url, number }: { readonly twilio: TwilioSim; readonly url: string; readonly number: string },
  over: AbortSignal,
): Promise<void> {
  const kinds: readonly Kind[] = [
    { to: number, caller: bookingCaller },
    { to: number, caller: curious },
    { to: CLINIC_NUMBER, caller: clinicCaller, dialOutcome: await nurse() },
    { to: number, caller: wantsPerson },
  ];
  let count = 0;
  const line = async (): Promise<void> => {
    while (!over.aborted) {
      const n = count++;
      const kind = kinds[n % kinds.length] as Kind;
      const call = twilio.call({
        url,
        from: CALLERS[n % CALLERS.length] as string,
        statusCallback: `${url}/voice/status`,
        ...kind,
      });
      // A caller who gives up is as much to see as one who does not.
      await call.done.catch(() => undefined);
      await new Promise((resolve) => void setTimeout(resolve, PAUSE_MS));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
}
