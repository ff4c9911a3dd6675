// The whole story of an organization, as `npm run demo` plays it and judges it: its number is called and greeted in its words, the
// caller's name is taken down, an emergency is escalated at once and the call dialled through to its human; and all of it is read over
// the API, from the embedded database, and again after a restart.
import type { ShownRecord } from "../../scripts/demo/live-print.ts";
import { CLINIC, CLINIC_CONFIG, CLINIC_NUMBER, clinicCaller, NURSE } from "../../scripts/demo/clinic.ts";
import { whatWentWrongAtTheClinic } from "../../scripts/demo/what-went-wrong.ts";
import { emptyFolder } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";
import { complaints, sideBySide, type Flow } from "./kit.ts";

const KEY = "story-key-0123456789abcdef0123456789abcdef";
const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json", connection: "close" };

/** As the API tells it. */
interface Told extends ShownRecord {
  readonly call_id: string;
  readonly status: string;
  readonly carrier_status: string | null;
}

async function read<Body>(flow: Flow, path: string): Promise<Body> {
  const answer = await fetch(flow.url + path, { headers });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Body;
}

/** What became of the dialling, and the carrier's last word, are told after the call's end. */
async function settled(flow: Flow, callSid: string): Promise<Told> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const record = await read<Told>(flow, `/api/calls/${callSid}`);
    const isPending = record.escalations?.some(({ outcome }) => outcome === "pending") ?? true;
    if (record.status === "completed" && record.carrier_status === "completed" && !isPending) return record;
    if (performance.now() > deadline) throw new Error(`not settled: ${JSON.stringify(record)}`);
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

test(
  "an emergency at an organization's number reaches its human, and is on record before and after a restart",
  sideBySide(async (start) => {
    const folder = await emptyFolder();
    const closing: Flow[] = [];
    try {
      await putDatabase(folder.path);
      const open = async (): Promise<Flow> => {
        const settings = { DATA_DIR: folder.path, API_KEYS: `test:admin:${KEY}` };
        const flow = await start({ settings, isEmbedded: true });
        closing.push(flow);
        return flow;
      };

      const flow = await open();
      const body = JSON.stringify(CLINIC_CONFIG);
      const configured = await fetch(`${flow.url}/api/org/config/${CLINIC}`, { method: "POST", headers, body });
      expect(configured.status).toBe(201);
      const call = flow.dial(clinicCaller, {
        to: CLINIC_NUMBER,
        dialOutcome: { status: "completed", ringMs: 1000, keys: "1", keyAfterMs: 600, talkMs: 2000 },
      });
      const result = await call.done;
      expect(complaints(result)).toEqual([]);
      const record = await settled(flow, call.callSid);
      expect(record.transcript.flatMap(({ role, text }) => (role === "caller" ? [text] : []))).toEqual(
        clinicCaller.flatMap((step) => (step.do === "say" ? [step.text] : [])),
      );
      expect(record.escalations).toMatchObject([
        { trigger: "emergency-keyword", urgency: "emergency", mode: "warm", contact: "the duty nurse" },
      ]);
      expect(result.dials.map(({ number }) => number)).toEqual([NURSE]);
      const listed = await read<unknown>(flow, `/api/calls?org_id=${CLINIC}&escalated=true`);
      await flow.app.close();

      const again = await open();
      const later = await read<Told>(again, `/api/calls/${call.callSid}`);
      expect(whatWentWrongAtTheClinic(result, record, later)).toBeUndefined();
      expect(await read<unknown>(again, `/api/calls?org_id=${CLINIC}&escalated=true`)).toEqual(listed);
      expect(listed).toMatchObject({ calls: [{ call_id: record.call_id }] });
    } finally {
      for (const flow of closing) await flow.app.close();
      await folder.remove();
    }
  }),
);
