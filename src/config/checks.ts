// What single variables cannot tell: settings that need each other, exclude each other, or name what no longer exists. Each
// function returns its problems as sentences for the operator.

const PHONE_NEEDS = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "WEBHOOK_URL", "OPENAI_API_KEY"];
const PHONE_SIGNS = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "WEBHOOK_URL"];

export function phoneGaps(given: Readonly<Record<string, string>>): string[] {
  const signs = PHONE_SIGNS.filter((name) => given[name]);
  if (signs.length === 0) return [];
  return PHONE_NEEDS.filter((name) => !given[name]).map(
    (name) => `${name} is missing: the phone channel needs it (${signs.join(", ")} set)`,
  );
}

export function threadProblems(given: Readonly<Record<string, string>>): string[] {
  const id = given.AGENT_WORKFLOW_ID;
  const mend = "use THREAD_CLIENT=responses with ASSISTANT_MODEL and PERSONA_FILE instead";
  if (given.THREAD_CLIENT === "assistants" && !id) {
    return ["AGENT_WORKFLOW_ID is missing: THREAD_CLIENT=assistants needs the assistant's id (asst_...)"];
  }
  if (!id) return [];
  if (!id.startsWith("asst_")) {
    return [`AGENT_WORKFLOW_ID must be an assistant's id (asst_...), not "${id.slice(0, 5)}...": ${mend}`];
  }
  if (given.THREAD_CLIENT && given.THREAD_CLIENT !== "assistants") return [];
  if (!isVendorHost(given.OPENAI_BASE_URL)) return [];
  return [
    `AGENT_WORKFLOW_ID names an assistant, but the Assistants API was shut down on 2026-08-26 at this host: ${mend}`,
  ];
}

export function isVendorHost(baseUrl: string | undefined): boolean {
  try {
    return /(^|\.)(openai|azure)\.com$/.test(new URL(baseUrl ?? "https://api.openai.com/v1").hostname);
  } catch {
    return false; // The malformed address is a problem of its own.
  }
}

export function voiceProblems(given: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  if (given.TRANSCRIPTION_MODEL?.startsWith("gpt-realtime-whisper")) {
    problems.push(
      "TRANSCRIPTION_MODEL gpt-realtime-whisper cannot be used with turn detection: use gpt-live-transcribe",
    );
  }
  if (given.NODE_ENV === "production" && given.TWILIO_VALIDATE === "false") {
    problems.push("TWILIO_VALIDATE=false is refused in production: anyone could place calls at your cost");
  }
  return problems;
}

export function sharedProblems(given: Readonly<Record<string, string>>): string[] {
  if (given.USE_REDIS !== "true") return [];
  const problems: string[] = [];
  if (!given.REDIS_URL) problems.push("REDIS_URL is missing: USE_REDIS=true needs it");
  if (!given.SECRET_KEY)
    problems.push("SECRET_KEY is missing: instances that share a Redis have to sign cookies with the same key");
  return problems;
}
