// Prints a call while it runs: the network's own events as they come, and the words and times from the server's call record.
import type { SimCall } from "../../src/sim/twilio/index.ts";

/** The part of a call record (GET /api/calls/{id}) that is printed. */
export interface ShownRecord {
  readonly transcript: readonly ShownLine[];
  readonly end_reason: string | null;
  readonly org_id?: string;
  readonly intake?: { readonly fields: Readonly<Record<string, unknown>> } | null;
  readonly escalations?: readonly { readonly urgency: string; readonly outcome: string }[];
}

interface ShownLine {
  readonly role: "caller" | "agent";
  readonly at_ms: number;
  readonly turn?: number;
  readonly text: string;
  readonly latency_ms?: number | null;
  readonly kind?: string;
  readonly cut?: string;
  readonly interrupted?: boolean;
  readonly heard_ms?: number;
}

const PULSE_MS = 100;

export function createLivePrint(call: SimCall, readRecord: () => Promise<ShownRecord | undefined>) {
  const shown = new Set<string>();
  let spokeOverAt: number | undefined;
  let agentSpeaks = false;

  function line(atMs: number, who: string, text: string): void {
    process.stdout.write(`${(atMs / 1000).toFixed(1).padStart(6)}s  ${who.padEnd(9)} ${text}\n`);
  }

  call.on("*", (entry) => {
    switch (entry.kind) {
      case "placed":
        return line(entry.atMs, "CALL", `${entry.from} dials ${entry.to}`);
      case "stream-started":
        return line(entry.atMs, "STREAM", "the media stream is up");
      case "first-media":
        return line(entry.atMs, "AUDIO", "the first sound reaches the caller");
      case "agent-speaking":
        agentSpeaks = true;
        return;
      case "agent-silent":
        agentSpeaks = false;
        return;
      case "caller-speaking":
        spokeOverAt = agentSpeaks ? entry.atMs : undefined;
        return line(
          entry.atMs,
          agentSpeaks ? "BARGE-IN" : "CALLER",
          `${entry.text ?? "..."}${agentSpeaks ? "  (over the agent)" : ""}`,
        );
      case "clear":
        if (spokeOverAt === undefined) return;
        line(entry.atMs, "", `the line is quiet ${Math.round(entry.atMs - spokeOverAt)} ms after the caller began`);
        spokeOverAt = undefined;
        return;
      case "say":
        return line(entry.atMs, "TWILIO", entry.text);
      case "dial":
        return line(entry.atMs, "DIAL", `${entry.number} rings`);
      case "gathered":
        return line(entry.atMs, "HUMAN", `presses ${entry.digits}`);
      case "dial-ended":
        return line(entry.atMs, "DIAL", `${entry.bridged ? "talked" : entry.status}, ${entry.durationS} s`);
      case "key":
        return line(entry.atMs, "KEY", entry.digit);
      case "hang-up":
        return line(entry.atMs, "HANG-UP", `by the ${entry.by}`);
      default:
    }
  });

  function show(record: ShownRecord): void {
    for (const entry of record.transcript) {
      const key = `${entry.role}${entry.turn ?? ""}${entry.at_ms}${entry.latency_ms ?? ""}`;
      if (shown.has(key)) continue;
      if (entry.role === "caller") {
        if (typeof entry.latency_ms !== "number") continue;
        shown.add(key);
        line(call.nowMs(), "", `turn ${entry.turn} answered ${entry.latency_ms} ms after the caller fell silent`);
        continue;
      }
      shown.add(key);
      const cut = entry.cut ? `  [cut after ${entry.heard_ms} ms: "${entry.cut}"]` : "";
      line(call.nowMs(), "AGENT", `${entry.text}${cut}${entry.kind === "filler" ? "  (filler)" : ""}`);
    }
  }

  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const record = await readRecord().catch(() => undefined);
      if (record) show(record);
      await new Promise((resolve) => void setTimeout(resolve, PULSE_MS));
    }
  })();

  return {
    /** Prints what came last. */
    async stop(): Promise<void> {
      stopping.abort();
      await loop;
      const record = await readRecord();
      if (record) show(record);
    },
  };
}
