// The far side that hears, thinks and speaks: the key, the models, a session of our own kind, and the thread's API. Nothing is
// generated, so nothing is paid for.
import type OpenAI from "openai";
import { speechSettings, voiceSettings } from "../../app/settings.ts";
import { createKeepAliveFetch, createOpenAI } from "../../assistants/connection.ts";
import { ThreadFailure, toFailure } from "../../assistants/failure.ts";
import type { Log, LogFields, Meter } from "../../core/observe.ts";
import { createRealtimeVoices } from "../../speech/realtime-voice.ts";
import { fail, ok, once, skipped, warn, type Check, type Subject, type Verdict } from "./check.ts";
import { announcedEnd } from "./model-ends.ts";

type ModelVariable = "REALTIME_MODEL" | "TRANSCRIPTION_MODEL" | "ASSISTANT_MODEL" | "STT_MODEL" | "TTS_MODEL";

const KEY = "openai-key";
const ASK_MS = 5000;
/** Days before a model's end from which on it is warned of. */
const WARN_DAYS = 120;
const DAY_MS = 86_400_000;

export function openaiChecks(subject: Subject): readonly Check[] {
  const { config, clock } = subject;
  const apiKey = config.OPENAI_API_KEY ?? "";
  const openai = once(async () =>
    createOpenAI({ apiKey, baseUrl: config.OPENAI_BASE_URL, timeoutMs: ASK_MS, fetch: createKeepAliveFetch(clock) }),
  );
  const usesThread = config.VOICE_MODE === "assistant";
  const noThread = "VOICE_MODE=speech-to-speech: the voice answers by itself";
  const ofAssistant = "the assistant of AGENT_WORKFLOW_ID has its own model";
  const notAsked =
    (usesThread ? undefined : noThread) ?? (config.THREAD_CLIENT === "assistants" ? ofAssistant : undefined);
  const speech = speechSettings(config);
  const inUse: Readonly<Record<ModelVariable, string>> = {
    ...config,
    STT_MODEL: speech.hears.model,
    TTS_MODEL: speech.speaks.model,
  };
  const model = (what: string, variable: ModelVariable, unused?: string): Check => ({
    id: `model:${variable}`,
    what,
    after: KEY,
    run: async (signal) =>
      unused === undefined
        ? lookAtModel(await openai(), inUse[variable], variable, clock.date(), signal)
        : skipped(unused),
  });
  return [
    {
      id: KEY,
      what: "OpenAI key",
      run: async (signal) =>
        apiKey === ""
          ? skipped("OPENAI_API_KEY is not set")
          : lookAtKey(await openai(), config.OPENAI_BASE_URL, signal),
    },
    model("voice model", "REALTIME_MODEL"),
    model("hearing model", "TRANSCRIPTION_MODEL"),
    model("thread model", "ASSISTANT_MODEL", notAsked),
    model("model for files", "STT_MODEL"),
    model("speaking model", "TTS_MODEL"),
    { id: "realtime", what: "voice session", after: KEY, run: (signal) => trySession(subject, apiKey, signal) },
    {
      id: "thread",
      what: "thread client",
      after: KEY,
      run: async (signal) => (usesThread ? tryThread(await openai(), subject, signal) : skipped(noThread)),
    },
  ];
}

/** HTTP status of an answer that is no success; undefined when there was no answer. */
function statusOf(error: unknown): number | undefined {
  const { status } = error as { readonly status?: unknown };
  return typeof status === "number" ? status : undefined;
}

/** What is wrong whatever was asked for; undefined when the answer is about the question itself. */
function general(error: unknown, baseUrl: string): Verdict | undefined {
  const status = statusOf(error);
  if (status === undefined) {
    const failure = toFailure(error);
    const code = failure instanceof ThreadFailure ? failure.facts.upstreamCode : undefined;
    const why = code === undefined ? "" : ` (${code})`;
    return fail(
      `${baseUrl} cannot be reached${why}`,
      "check OPENAI_BASE_URL, the network and the provider's status page",
    );
  }
  if (status === 401)
    return fail(
      `${baseUrl} refuses OPENAI_API_KEY (401)`,
      "was it revoked, or is it another provider's or project's key?",
    );
  if (status === 429)
    return fail(
      `${baseUrl} takes no more requests (429)`,
      "check limits and billing of the key's project (insufficient_quota)",
    );
  if (status >= 500) return fail(`${baseUrl} is in trouble (${status})`, "see the provider's status page, try again");
  return undefined;
}

async function lookAtKey(openai: OpenAI, baseUrl: string, signal: AbortSignal): Promise<Verdict> {
  try {
    await openai.models.list({ signal });
    return ok(`accepted by ${baseUrl}`);
  } catch (error) {
    const wrong = general(error, baseUrl);
    if (wrong) return wrong;
    if (statusOf(error) === 403)
      return warn(
        `${baseUrl} knows the key, which may not list models (403)`,
        "allow it to read models, to be warned of their end",
      );
    return warn(
      `${baseUrl} has no list of models (${statusOf(error)}): the key was not tried`,
      "does OPENAI_BASE_URL end with /v1?",
    );
  }
}

async function lookAtModel(
  openai: OpenAI,
  name: string,
  variable: string,
  today: Date,
  signal: AbortSignal,
): Promise<Verdict> {
  const known = announcedEnd(name);
  const choose = `set ${variable} to another${known ? `, such as ${known.instead}` : ""}`;
  try {
    const model = (await openai.models.retrieve(name, { signal })) as { readonly shutdown_date?: string | null };
    // null says that no end is announced; only silence lets the table speak.
    const told = model.shutdown_date;
    const end = told === undefined ? known?.date : (told ?? undefined);
    const days = end === undefined ? undefined : Math.ceil((Date.parse(end) - today.getTime()) / DAY_MS);
    if (end === undefined || days === undefined || days > WARN_DAYS) return ok(name);
    const when = days > 0 ? `ends on ${end}, in ${days} ${days === 1 ? "day" : "days"}` : `ended on ${end}`;
    return warn(`${name} ${when}${told === undefined ? " (at OpenAI)" : ""}`, choose);
  } catch (error) {
    const wrong = general(error, "the list of models");
    if (wrong) return wrong;
    if (statusOf(error) === 403)
      return warn(`whether ${name} is there may not be asked with this key (403)`, "allow it to read models");
    const ended = known && Date.parse(known.date) <= today.getTime() ? `it ended on ${known.date}` : undefined;
    return fail(`${name} does not exist, or not for this key${ended ? `: ${ended}` : ""}`, choose);
  }
}

/** A session as a call would open it, by the same code: opened, configured, closed. */
function trySession({ config, clock }: Subject, apiKey: string, signal: AbortSignal): Promise<Verdict> {
  const said: { message: string; fields: LogFields }[] = [];
  const keep = (message: string, fields: LogFields = {}): void => void said.push({ message, fields });
  const log: Log = { debug: () => undefined, info: () => undefined, warn: keep, error: keep, with: () => log };
  const meter: Meter = { count: () => undefined, gauge: () => undefined, observe: () => undefined };
  const voices = createRealtimeVoices({ apiKey, baseUrl: config.OPENAI_BASE_URL, clock, log, meter });
  const begun = clock.now();
  return new Promise<Verdict>((resolve) => {
    const voice = voices.with(voiceSettings(config, "", [])).open({ callId: "doctor", history: [] });
    signal.addEventListener("abort", () => voices.close(), { once: true });
    voice.attach((event) => {
      if (event.type === "voice.ready") {
        const ms = Math.round(clock.now() - begun);
        resolve(
          ok(`${config.REALTIME_MODEL} took our settings (${config.VOICE}, mu-law, ${config.VAD}) after ${ms} ms`),
        );
        voice.close();
      } else if (event.type === "voice.closed") {
        // Of several lines the refusal itself says most.
        const fields: LogFields = said.find((line) => "param" in line.fields)?.fields ?? {};
        const about = [fields.param, fields.message].filter(Boolean).join(": ");
        const cause = said.map((line) => line.fields.cause).find(Boolean);
        const code = event.code === "session-refused" ? (fields.code ?? event.code) : (cause ?? event.code);
        resolve(
          fail(
            `no session with ${config.REALTIME_MODEL} (${String(code)}${about ? `: ${about}` : ""})`,
            mendOf(String(code)),
          ),
        );
      }
    });
  }).finally(() => voices.close());
}

function mendOf(code: string): string {
  if (/model_not_found|404/.test(code)) return "check REALTIME_MODEL, and whether the key's project may use it";
  if (/401|403|invalid_api_key/.test(code)) return "may this key use the Realtime API?";
  if (/429|quota|billing|rate/.test(code)) return "check limits and billing of the key's project";
  if (/timeout|lost|refused|ECONN|reset/i.test(code))
    return "does a firewall or proxy let WebSockets (wss) through to OPENAI_BASE_URL?";
  return "check REALTIME_MODEL, VOICE, VAD and TRANSCRIPTION_MODEL; docs/errors.md explains the code";
}

/** Makes and removes what a thread lives in; for chat, which keeps nothing, asks with a body that no server answers. */
async function tryThread(openai: OpenAI, { config }: Subject, signal: AbortSignal): Promise<Verdict> {
  const { THREAD_CLIENT: client, OPENAI_BASE_URL: baseUrl, AGENT_WORKFLOW_ID: assistant = "" } = config;
  try {
    switch (client) {
      case "responses": {
        const { id } = await openai.conversations.create({}, { signal });
        await openai.conversations.delete(id, { signal });
        return ok(`responses: a conversation was made and removed at ${baseUrl}`);
      }
      case "assistants": {
        await openai.beta.assistants.retrieve(assistant, { signal });
        const { id } = await openai.beta.threads.create({}, { signal });
        await openai.beta.threads.delete(id, { signal });
        return ok(`assistants: ${assistant} is there, a thread was made and removed at ${baseUrl}`);
      }
      case "chat":
        return await tryChat(openai, baseUrl, signal);
    }
  } catch (error) {
    const wrong = general(error, baseUrl);
    if (wrong) return wrong;
    const status = statusOf(error);
    if (status === 403)
      return fail(`${client}: this key may not use it (403)`, "allow the key to write Responses and Conversations");
    const other = { responses: "THREAD_CLIENT=chat", assistants: "THREAD_CLIENT=responses", chat: "OPENAI_BASE_URL" }[
      client
    ];
    const what = client === "assistants" ? `${assistant}, or the Assistants API itself, is not` : `${client} is not`;
    return fail(`${what} at ${baseUrl} (${status})`, client === "chat" ? `check ${other}` : `try ${other}`);
  }
}

async function tryChat(openai: OpenAI, baseUrl: string, signal: AbortSignal): Promise<Verdict> {
  try {
    await openai.post("/chat/completions", { body: {}, signal });
  } catch (error) {
    // Without messages it can only be refused, and is: the door is there.
    if (statusOf(error) !== 400 && statusOf(error) !== 422) throw error;
  }
  return ok(`chat: ${baseUrl} answers`);
}
