// Short-lived client secrets: with one a browser opens its own Realtime session, and never sees our key. What OpenAI says when it
// refuses goes to the log, its status alone to whoever asked.
import OpenAI, { APIConnectionError, APIError, APIUserAbortError } from "openai";
import type { Log } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import { browserSession } from "./browser-session.ts";
import type { VoiceSettings } from "./session-config.ts";

export interface MintParts {
  /** Empty: nothing can be minted. */
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly log: Log;
}

export interface ClientSecret {
  readonly secret: string;
  /** s since the epoch. */
  readonly expiresAt: number;
  readonly model: string;
  readonly sessionId?: string;
}

/** The secret is for beginning sessions; a page that loads takes seconds, a person who is asked for the microphone longer. s. */
const SECRET_SECONDS = 600;
const TIMEOUT_MS = 8000;

/** OpenAI minted nothing. */
export class MintRefused extends Problem {
  /** HTTP status of OpenAI; undefined where it could not be reached. */
  readonly upstreamStatus: number | undefined;
  constructor(status: number, detail: string, upstreamStatus: number | undefined, headers: Problem["headers"] = {}) {
    super(status, detail, headers);
    this.upstreamStatus = upstreamStatus;
  }
}

export type Mint = (settings: VoiceSettings, signal: AbortSignal) => Promise<ClientSecret>;

export function createMint({ apiKey, baseUrl, log }: MintParts): Mint {
  const openai = new OpenAI({
    apiKey: apiKey || "none",
    baseURL: baseUrl,
    maxRetries: 1,
    timeout: TIMEOUT_MS,
    logLevel: "off",
    // Explicit, because the package would read these from the environment, which only config.ts does.
    adminAPIKey: null,
    organization: null,
    project: null,
  });
  return async (settings, signal) => {
    if (apiKey === "") throw new Problem(503, "OPENAI_API_KEY is not set");
    try {
      const {
        value,
        expires_at: expiresAt,
        session,
      } = await openai.realtime.clientSecrets.create(
        { expires_after: { anchor: "created_at", seconds: SECRET_SECONDS }, session: browserSession(settings) },
        { signal },
      );
      const sessionId = "id" in session && typeof session.id === "string" ? session.id : undefined;
      return { secret: value, expiresAt, model: settings.model, ...(sessionId !== undefined && { sessionId }) };
    } catch (error) {
      throw problemOf(error, log);
    }
  };
}

function problemOf(error: unknown, log: Log): unknown {
  if (!(error instanceof APIError)) return error;
  if (error instanceof APIUserAbortError) return new Problem(503, "No answer in time", { "Retry-After": "5" });
  const { status } = error;
  log.warn("no client secret was minted", {
    status,
    code: error.code ?? undefined,
    param: error.param ?? undefined,
    request: error.requestID ?? undefined,
  });
  if (status === 429) return new MintRefused(503, "OpenAI API error: 429", status, { "Retry-After": "10" });
  return error instanceof APIConnectionError || status === undefined
    ? new MintRefused(502, "OpenAI could not be reached", undefined)
    : new MintRefused(502, `OpenAI API error: ${status}`, status);
}
