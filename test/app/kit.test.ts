// Kits: an organization's words over the program's; who says the same shares one, who says something else gets another.
import { createKits, type KitsParts } from "../../src/app/kit.ts";
import { overlay } from "../../src/app/overlay.ts";
import { createRecent } from "../../src/app/recent.ts";
import type { ThreadChoice } from "../../src/app/voicing.ts";
import { readConfig } from "../../src/config.ts";
import type { Memories } from "../../src/core/memory.ts";
import type { ThreadClient } from "../../src/core/thread.ts";
import type { ClipVoice, ClipWords } from "../../src/speech/clips.ts";
import { organizationConfig, type OrganizationConfig } from "../../src/wire/rest/organization.ts";
import { keptLog } from "../support/observe.ts";

const ENVIRONMENT = {
  GREETING: "Hello from the program.",
  VOICE: "marin",
  ASSISTANT_MODEL: "gpt-6-luna",
  MAX_CALL_MINUTES: "20",
  TRANSFER_NUMBER: "+15550009999",
};
const config = readConfig(ENVIRONMENT);

function setup(more: Partial<KitsParts> = {}, settings = config) {
  const asked: (ClipWords & { voice: ClipVoice })[] = [];
  const clients: ThreadChoice[] = [];
  const kits = createKits({
    config: settings,
    gate: (tools) => tools,
    outsideTools: () => [],
    secrets: [],
    clips: {
      in(voice, words) {
        asked.push({ voice, ...words });
        const clip = (text: string) => ({ text, audio: Buffer.alloc(0) });
        return { get: clip, greeting: clip };
      },
      start() {},
      async close() {},
    },
    threadClient(choice) {
      clients.push(choice);
      return { name: choice.THREAD_CLIENT } as ThreadClient;
    },
    ...more,
  });
  const of = (given: object, orgId = "shop", version = 1) =>
    kits.of({ orgId, version, config: organizationConfig.parse(given) });
  return { of, kits, asked, clients };
}

const MONDAY = new Date("2026-07-13T10:00:00Z");
const HOURS = { timezone: "UTC", open: [{ day: 1, from: "08:00", to: "18:00" }] };
const NIGHT = new Date("2026-07-13T22:00:00Z");

test("organizations that say the same share a kit, whatever their numbers", () => {
  const { of, kits, asked } = setup();
  const empty = of({}, "default");
  expect(of({})).toBe(empty);
  expect(of({ numbers: ["+15550001111"] })).toBe(empty);
  expect(of({}, "other", 7)).toBe(empty);
  const greeted = of({ greeting: "Hello from the shop." });
  expect(greeted).not.toBe(empty);
  expect(of({ greeting: "Hello from the shop." }, "branch")).toBe(greeted);
  expect(asked).toHaveLength(2);
  const organization = { orgId: "a", version: 1, config: organizationConfig.parse({ name: "A" }) };
  expect(kits.of(organization)).toBe(kits.of({ ...organization }));
});

test("what an organization leaves out is the program's", () => {
  const { of } = setup();
  const { settings, voice, instructions, threads, clip } = of({}).at(MONDAY);
  expect(settings).toEqual({
    greeting: "Hello from the program.",
    backchannelMs: 700,
    endSilenceMs: 500,
    transcriptTimeoutMs: 4000,
    fillerAfterMs: 1500,
    silencePromptMs: 10_000,
    keypadTimeoutMs: 3000,
    // The thread's own 10 s, and one more for a thread that cannot even tell.
    threadTimeoutMs: 11_000,
    maxCallMs: 20 * 60_000,
    logContent: false,
  });
  expect(settings).not.toHaveProperty("onlyGreets");
  expect(voice).toMatchObject({ mode: "assistant", voice: "marin" });
  expect(clip("greeting")?.text).toBe("Hello from the program.");
  expect(threads?.name).toBe("responses");
  expect(instructions).toMatch(/This call began on Monday, 2026-07-13, at 10:00 \(UTC/);
});

test("the words a call can be greeted with are rendered ahead, in its voice", () => {
  const { of, asked } = setup();
  of({
    greeting: "Hello.",
    voice: { name: "cedar", speed: 1.2, model: "gpt-realtime-2.1-mini" },
    phrases: { hold: "Moment." },
    hours: { ...HOURS, after_hours: { behaviour: "message", greeting: "We are closed." } },
  });
  expect(asked).toEqual([
    {
      voice: { name: "cedar", speed: 1.2, model: "gpt-realtime-2.1-mini" },
      greetings: ["Hello.", "We are closed."],
      phrases: { hold: "Moment." },
    },
  ]);
});

test.each([
  ["answer", "We are closed.", ["end_call", "complete_intake", "escalate", "transfer_call"], undefined],
  ["message", "We are closed.", ["end_call", "complete_intake", "escalate"], undefined],
  ["hang_up", "We are closed.", ["end_call", "complete_intake", "escalate", "transfer_call"], "after-hours"],
])("after hours, %s", (behaviour, greeting, tools, onlyGreets) => {
  const kit = setup().of({ greeting: "Hello.", hours: { ...HOURS, after_hours: { behaviour, greeting } } });
  const night = kit.at(NIGHT);
  expect(night.settings.greeting).toBe(greeting);
  expect(night.settings.onlyGreets).toBe(onlyGreets);
  expect(night.tools.map(({ name }) => name)).toEqual(tools);
  expect(night.voice.tools).toBe(night.tools);
  expect(night.clip("greeting")?.text).toBe(greeting);
  expect(night.instructions).toMatch(/closed now\. It opens Monday, 2026-07-20, at 08:00/);
  const day = kit.at(MONDAY);
  expect(day.settings).toMatchObject({ greeting: "Hello." });
  expect(day.settings.onlyGreets).toBeUndefined();
  expect(day.instructions).toMatch(/open now, until today 18:00/);
});

test("tools are those that are allowed, of those there are", () => {
  const { of } = setup();
  expect(of({ tools: ["end_call", "brew_coffee"] }).tools.map(({ name }) => name)).toEqual(["end_call"]);
  expect(of({ tools: [] }).tools).toEqual([]);
  expect(of({ tools: [] }).at(MONDAY).instructions).not.toContain("end_call");
});

test("a person is dialled at the organization's number, or the program's", () => {
  const plan = (given: object) =>
    setup().of(given).at(new Date()).planEscalation({ trigger: "tool", urgency: "normal", reason: "x" }, "esc_1");
  expect(plan({}).ending?.to).toBe("+15550009999");
  expect(plan({ escalation: { contacts: [{ name: "Desk", number: "+15550001234" }] } }).ending?.to).toBe(
    "+15550001234",
  );
});

test("a voice that answers by itself has no thread, and the same instructions", () => {
  const { of, clients } = setup();
  const moment = of({ voice: { mode: "speech-to-speech" }, facts: ["We sell bread."] }).at(MONDAY);
  expect(moment.threads).toBeUndefined();
  expect(moment.voice.instructions).toBe(moment.instructions);
  expect(moment.instructions).toContain("We sell bread.");
  expect(clients).toEqual([]);
});

test("every setting that can be laid over is", () => {
  const said: OrganizationConfig = organizationConfig.parse({
    greeting: "Hi.",
    language: "de-AT",
    voice: { name: "cedar", speed: 0.9, model: "m", mode: "speech-to-speech", transcription_model: "t" },
    turn_detection: { type: "semantic_vad", eagerness: "low" },
    thread: { client: "chat", model: "n", assistant_id: "asst_x" },
    limits: { call_minutes: 5 },
  });
  expect(overlay(config, said)).toEqual({
    ...config,
    GREETING: "Hi.",
    TRANSCRIPTION_LANGUAGE: "de",
    VOICE: "cedar",
    VOICE_SPEED: 0.9,
    REALTIME_MODEL: "m",
    VOICE_MODE: "speech-to-speech",
    TRANSCRIPTION_MODEL: "t",
    VAD: "semantic_vad",
    VAD_EAGERNESS: "low",
    THREAD_CLIENT: "chat",
    ASSISTANT_MODEL: "n",
    AGENT_WORKFLOW_ID: "asst_x",
    MAX_CALL_MINUTES: 5,
  });
  expect(
    overlay(
      config,
      organizationConfig.parse({ turn_detection: { type: "server_vad", threshold: 0.7, silence_duration_ms: 300 } }),
    ),
  ).toMatchObject({ VAD: "server_vad", VAD_THRESHOLD: 0.7, VAD_SILENCE_MS: 300, VAD_PREFIX_MS: config.VAD_PREFIX_MS });
  // The operator's limit stands.
  expect(overlay(config, organizationConfig.parse({ limits: { call_minutes: 50 } })).MAX_CALL_MINUTES).toBe(20);
  expect(overlay(config, {})).toEqual(config);
});

test("what was not asked for in the longest time is forgotten first", () => {
  const recent = createRecent<{ readonly made: string }>(2);
  const made: string[] = [];
  const get = (key: string) => recent.get(key, () => (made.push(key), { made: key })).made;
  expect(["a", "b", "a", "c", "a", "b"].map(get)).toEqual(["a", "b", "a", "c", "a", "b"]);
  expect(made).toEqual(["a", "b", "c", "b"]);
});

describe("memories and the web search", () => {
  const nothing = {} as Memories;
  const namesOf = (environment: object, given: object, who?: { orgId: string; userId?: string }, tells = false) => {
    const { kits } = setup({ memories: nothing, log: keptLog() }, readConfig({ ...ENVIRONMENT, ...environment }));
    const kit = kits.of({ orgId: "shop", version: 1, config: organizationConfig.parse(given) });
    const moment = kit.at(MONDAY, undefined, who, tells);
    return { offered: moment.tools.map(({ name }) => name), all: kit.tools.map(({ name }) => name) };
  };
  const ada = { orgId: "shop", userId: "ada" };
  const MEMORY = ["memory_search", "memory_add", "memory_list"];

  test("memories are offered where it is known whose they are", () => {
    expect(namesOf({}, {}, ada).offered).toEqual(expect.arrayContaining(MEMORY));
    for (const who of [undefined, { orgId: "shop" }])
      expect(namesOf({}, {}, who).offered.filter((name) => MEMORY.includes(name))).toEqual([]);
    expect(namesOf({}, { tools: ["end_call", "memory_search"] }, ada).offered).toEqual(["end_call", "memory_search"]);
  });

  test("the web search with a key, or where it was named", () => {
    expect(namesOf({ TAVILY_API_KEY: "tvly-1" }, {}).offered).toContain("web_search");
    expect(namesOf({}, {}).offered).not.toContain("web_search");
    expect(namesOf({}, {}).all).toContain("web_search");
    // A caller can do nothing about it; the personal assistant's user hears that it is not configured.
    expect(namesOf({}, {}, ada).offered).not.toContain("web_search");
    expect(namesOf({}, {}, ada, true).offered).toContain("web_search");
    expect(namesOf({}, { tools: ["end_call"] }, ada, true).offered).toEqual(["end_call"]);
    expect(namesOf({}, { tools: ["web_search"] }).offered).toEqual(["web_search"]);
    expect(namesOf({ TAVILY_API_KEY: "tvly-1" }, { tools: ["end_call"] }).offered).toEqual(["end_call"]);
  });
});
