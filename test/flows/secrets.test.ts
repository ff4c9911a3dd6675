// What a whole run gives away: its log at the most talkative level, metrics, status page, problems and TwiML are searched for every
// secret, every phone number and every word of the callers.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { createLog } from "../../src/observe/log.ts";
import type { CallResult } from "../../src/sim/twilio/index.ts";
import { emptyFolder } from "../support/child.ts";
import { until } from "../support/until.ts";
import {
  answer,
  AUTH_TOKEN,
  CALLER,
  DESK,
  HUMAN,
  listen,
  METRICS_TOKEN,
  sideBySide,
  words,
  type Start,
} from "./kit.ts";

const OPENAI_KEY = "sk-proj-flows-secret-key-0123456789";
const API_KEY = "flows-api-key-0123456789abcdef";
const SECONDARY = "flows-secondary-token-0123456789";
const SECRET_ANSWER = "Your appointment number is seven seven three, Mister Featherstone.";

/** Everything the run is told that must not be seen again: in one piece, or as a run of words. */
const SECRETS = [
  OPENAI_KEY,
  API_KEY,
  SECONDARY,
  AUTH_TOKEN,
  METRICS_TOKEN,
  ...[CALLER, DESK, HUMAN].flatMap((number) => [number, number.slice(1)]),
];
const WORDS = [
  ...["opening-hours", "book-oil-change", "person", "how-long"].map((id) => words(id).text),
  "oil change",
  "opening hours",
  "repair take",
  "Featherstone",
  "seven seven three",
  "[keypad] 4711081593",
  "4711081593",
];

/** What is written to the terminal meanwhile: by console's functions here, or by its stream where the runner gives it one. */
let terminal = "";
beforeAll(() => {
  const keep = (...parts: unknown[]): void => void (terminal += `${parts.map(String).join(" ")}\n`);
  jest.spyOn(console, "log").mockImplementation(keep);
  jest.spyOn(console, "error").mockImplementation(keep);
  const { _stdout, _stderr } = console as { _stdout?: NodeJS.WriteStream; _stderr?: NodeJS.WriteStream };
  for (const stream of [_stdout, _stderr]) {
    if (stream)
      jest.spyOn(stream, "write").mockImplementation((chunk) => {
        keep(chunk);
        return true;
      });
  }
});
afterAll(() => jest.restoreAllMocks());

interface Seen {
  /** Places and what was found in each, by name. */
  readonly outputs: ReadonlyMap<string, string>;
  readonly streamTokens: readonly string[];
}

/** Some calls of different kinds, faults included, and everything that comes out of the server meanwhile. */
async function run(start: Start, settings: Readonly<Record<string, string>>): Promise<Seen> {
  const folder = await emptyFolder();
  const log = createLog({
    level: "debug",
    file: join(folder.path, "server.log"),
    secrets: [OPENAI_KEY, API_KEY, SECONDARY, AUTH_TOKEN, METRICS_TOKEN],
    pretty: false,
  });
  const outputs = new Map<string, string>();
  const results: CallResult[] = [];
  try {
    const flow = await start({
      log,
      openai: {
        apiKey: OPENAI_KEY,
        script: {
          brain: ({ text, tools }) =>
            text.includes("person") && tools.includes("transfer_call")
              ? {
                  text: SECRET_ANSWER,
                  tool: { name: "transfer_call", args: { reason: `Mister Featherstone, ${CALLER}` } },
                }
              : SECRET_ANSWER,
        },
      },
      settings: {
        LOG_LEVEL: "debug",
        API_KEYS: `desk:admin:${API_KEY}`,
        TWILIO_AUTH_TOKEN_SECONDARY: SECONDARY,
        TRANSFER_NUMBER: HUMAN,
        ...settings,
      },
      // The guard only takes note, so that the assistant's tool has its secrets to tell.
      organizations: { default: { escalation: { mode: "flag" } } },
      dialOutcome: { status: "busy", ringMs: 200 },
    });
    const page = async (path: string, headers: Readonly<Record<string, string>> = {}) =>
      `${path} ${await (await fetch(flow.url + path, { headers })).text()}`;

    const talk = [
      ...answer("opening-hours"),
      { do: "interrupt", afterMs: 500, ...words("how-long") },
      listen(),
      { do: "press", digits: "4711081593#" },
      ...answer("person"),
      { do: "wait-for-hang-up", timeoutMs: 60_000 },
    ] as const;
    results.push(await flow.dial(talk).done);
    // Faults have the most to say.
    flow.openai.faultNext({ drop: { after: "response.output_audio.delta", count: 2, how: "terminate" } });
    results.push(await flow.dial([...answer("book-oil-change"), listen(), { do: "hang-up" }]).done);
    flow.openai.faults = { restStatus: 500 };
    results.push(await flow.dial([...answer("opening-hours"), { do: "wait-for-agent" }, { do: "hang-up" }]).done);
    flow.openai.faults = { refuse: 401 };
    results.push(await flow.dial([{ do: "wait-for-hang-up", timeoutMs: 60_000 }]).done);
    flow.openai.faults = {};
    results.push(await flow.dial([{ do: "wait-for-agent" }], { faults: { abruptCloseAtMs: 1500 } }).done);
    results.push(await flow.dial([], { faults: { signature: "forged" } }).done);
    results.push(await flow.dial([], { faults: { customParameters: { token: "x".repeat(32) } } }).done);

    outputs.set("metrics", await page("/metrics", { authorization: `Bearer ${METRICS_TOKEN}` }));
    outputs.set("status", await page("/status", { accept: "application/json" }));
    outputs.set("index", await page("/"));
    outputs.set(
      "problems",
      (
        await Promise.all([
          page("/metrics"),
          page("/api/calls"),
          page("/api/calls", { authorization: `Bearer ${API_KEY}x` }),
          page(`/voice?From=${encodeURIComponent(CALLER)}`),
          page("/nowhere"),
          page("/media-stream"),
        ])
      )
        // A problem may name the path that was asked for.
        .map((text) => text.slice(text.indexOf(" ")))
        .join("\n"),
    );
    const dialled = (xml: string): string => xml.replaceAll(/<Number[^>]*>[^<]*<\/Number>/g, "");
    outputs.set("TwiML", results.flatMap(({ twiml }) => twiml.map(({ xml }) => dialled(xml))).join("\n"));
    await until("the last call is over", () => flow.openai.counts.open === 0);
  } finally {
    await log.close();
    const files = await readdir(folder.path);
    outputs.set("log", (await Promise.all(files.map((file) => readFile(join(folder.path, file), "utf8")))).join("\n"));
    await folder.remove();
  }
  const streamTokens = results.flatMap(({ twiml }) =>
    twiml.flatMap(({ xml }) => /name="token" value="([^"]+)"/.exec(xml)?.[1] ?? []),
  );
  return { outputs, streamTokens };
}

function hits(outputs: ReadonlyMap<string, string>, needles: readonly string[]): string[] {
  return [...outputs].flatMap(([place, text]) =>
    needles
      .filter((needle) => text.toLowerCase().includes(needle.toLowerCase()))
      .map((needle) => `${place}: ${needle}`),
  );
}

for (const [mode, settings] of Object.entries({
  "assistant mode": {},
  "speech-to-speech": { VOICE_MODE: "speech-to-speech" },
}))
  test(
    `nothing of it is seen again: ${mode}`,
    sideBySide(async (start) => {
      const { outputs, streamTokens } = await run(start, settings);
      const log = outputs.get("log") ?? "";
      // The search looks where there is something to find.
      for (const what of [
        "call begins",
        "turn begins",
        "the voice was lost",
        "call ended",
        '"level":"debug"',
        "a stream was refused",
      ])
        expect(log).toContain(what);
      // The words of the test below may stand there too; these lines are those of the log.
      expect(terminal).toContain("call begins");
      expect(hits(new Map([["terminal", terminal]]), SECRETS)).toEqual([]);
      expect(outputs.get("metrics")).toContain("voice_calls_ended_total{");
      expect(outputs.get("TwiML")).toContain("<Stream");
      expect(streamTokens.length).toBeGreaterThanOrEqual(5);
      expect(hits(outputs, [...SECRETS, ...WORDS])).toEqual([]);
      expect(hits(new Map([...outputs].filter(([place]) => place !== "TwiML")), streamTokens)).toEqual([]);
    }),
  );

test(
  "LOG_CONTENT lets words into the log, and still no number and no secret",
  sideBySide(async (start) => {
    const { outputs } = await run(start, { LOG_CONTENT: "true" });
    expect(outputs.get("log")).toContain(words("opening-hours").text);
    expect(hits(outputs, SECRETS)).toEqual([]);
    expect(hits(new Map([...outputs].filter(([place]) => place !== "log")), WORDS)).toEqual([]);
  }),
);
