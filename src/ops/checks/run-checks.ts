// Runs the doctor's checks side by side, each with a limit of its own, and gives their answers in one order. The command around
// it is diagnose.ts; a page can show the same results.
import type { Config } from "../../config.ts";
import { ok, skipped, type Check, type CheckPorts, type Subject, type Verdict } from "./check.ts";
import { fileChecks, OF_PRICES } from "./files.ts";
import { openaiChecks } from "./openai.ts";
import { publicChecks } from "./public-address.ts";
import { storeChecks } from "./stores.ts";
import { twilioChecks } from "./twilio.ts";

export interface Result extends Verdict {
  readonly id: string;
  readonly what: string;
  /** How long it took. */
  readonly ms: number;
}

export interface RunPorts extends CheckPorts {
  /** Told of each result as soon as it and all before it are there. */
  readonly tell?: (result: Result) => void;
}

const LIMIT_MS = 10_000;
export const SETTINGS = { id: "settings", what: "settings" } as const;

function checksOf(subject: Subject): readonly Check[] {
  return [
    { ...SETTINGS, run: async () => settingsVerdict(subject.config) },
    ...storeChecks(subject),
    ...openaiChecks(subject),
    ...twilioChecks(subject),
    ...publicChecks(subject),
    ...fileChecks(subject),
  ];
}

/** Never rejects: whatever goes wrong is a result. */
export async function runChecks(config: Config, ports: RunPorts): Promise<readonly Result[]> {
  const { clock, tell } = ports;
  const hide = createMask(config);
  const running = new Map<string, Promise<Result>>();
  for (const check of checksOf({ ...ports, config })) {
    const begun = clock.now();
    const before = check.after === undefined ? undefined : running.get(check.after);
    running.set(
      check.id,
      answerOf(check, before, ports).then((verdict) => {
        const { id, what } = check;
        return { id, what, ...hide(verdict), ms: Math.round(clock.now() - begun) };
      }),
    );
  }
  const results: Result[] = [];
  for (const result of running.values()) {
    results.push(await result);
    tell?.(results.at(-1) as Result);
  }
  return results;
}

async function answerOf(check: Check, before: Promise<Result> | undefined, { clock }: CheckPorts): Promise<Verdict> {
  const first = await before;
  if (first?.status === "skipped") return skipped(first.found);
  if (first?.status === "fail") return skipped(`it needs what failed above: ${first.what}`);
  const { limitMs = LIMIT_MS } = check;
  const over = new AbortController();
  return new Promise((resolve) => {
    const cancel = clock.after(limitMs, () => {
      resolve({ status: "fail", found: `no answer within ${limitMs / 1000} s`, mend: MEND_SLOW });
      over.abort();
    });
    void attempt(check, over.signal).then((verdict) => {
      cancel();
      resolve(verdict);
    });
  });
}

/** Never rejects. */
async function attempt(check: Check, signal: AbortSignal): Promise<Verdict> {
  try {
    return await check.run(signal);
  } catch (error) {
    return { status: "fail", found: error instanceof Error ? error.message : String(error) };
  }
}

const MEND_SLOW = "is the far side overloaded, or does a firewall swallow what this machine sends?";

function settingsVerdict(config: Config): Verdict {
  const warnings = config.warnings.filter((warning) => !warning.startsWith(OF_PRICES));
  if (warnings.length === 0) return ok("complete");
  const found = `good, with ${warnings.length === 1 ? "one remark" : `${warnings.length} remarks`}`;
  return { status: "warn", found, details: warnings };
}

/** What others say of an error may quote what they were sent; no secret of ours gets further than here. */
function createMask(config: Config): (verdict: Verdict) => Verdict {
  const secrets = [
    config.OPENAI_API_KEY,
    config.TWILIO_AUTH_TOKEN,
    config.TWILIO_AUTH_TOKEN_SECONDARY,
    config.SECRET_KEY,
    config.METRICS_TOKEN,
    ...config.API_KEYS.map(({ key }) => key),
    ...passwordsOf(config.DATABASE_URL),
    ...passwordsOf(config.REDIS_URL),
    ...passwordsOf(config.OPENAI_BASE_URL),
    ...passwordsOf(config.TWILIO_API_BASE_URL),
  ].filter((secret) => secret !== undefined && secret.length > 3) as string[];
  const masked = (text: string): string => secrets.reduce((left, secret) => left.replaceAll(secret, "***"), text);
  return ({ status, found, mend, details }) => ({
    status,
    found: masked(found),
    ...(mend !== undefined && { mend: masked(mend) }),
    ...(details && { details: details.map(masked) }),
  });
}

/** As it stands in the address, and as it is meant. */
function passwordsOf(address: string | undefined): string[] {
  const written = address === undefined ? undefined : /^[^/]*\/\/[^/]*?:([^/]*)@/.exec(address)?.[1];
  if (written === undefined) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
