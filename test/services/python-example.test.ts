// The Python of the document, and of our own page, word for word: by a real python3 with requests, against the built server with the simulated
// OpenAI behind it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { writeWav } from "../../src/audio/wav.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { emptyFolder, freePort, startChild, type Child } from "../support/child.ts";
import { words } from "../support/recordings.ts";
import { must, run } from "./program.ts";

const booking = words("book-oil-change");
const ANSWER = "Tuesday at nine is free. I have put you down for it.";
const asked: string[] = [];
const heard: number[] = [];

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let openai: OpenAISim;
let server: Child;
let url: string;

beforeAll(async () => {
  folder = await emptyFolder();
  openai = await startOpenAISim({
    timing: { textDeltaMs: 0, pace: Infinity, replyMs: 0 },
    script: {
      hearFile({ audio, rate }) {
        heard.push((audio?.length ?? 0) / (rate ?? 8000));
        return booking.text;
      },
      brain({ text }) {
        asked.push(text);
        return ANSWER;
      },
    },
  });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = startChild("dist/main.js", {
    cwd: folder.path,
    env: {
      PORT: String(port),
      HOST: "127.0.0.1",
      DATA_DIR: folder.path,
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: openai.baseUrl,
      // The example sends no key.
      OPEN_API: "voice,conversation",
    },
  });
  await server.says(/VOICE AGENT SYSTEM STARTED/);
});

afterAll(async () => {
  server.signal("SIGTERM");
  await server.exited;
  await openai.close();
  await folder.remove();
});

/** Debian's package is for Debian's own, before which another one may come. */
async function python(): Promise<string> {
  const { code } = await run("python3", ["-c", "import requests"]);
  return code === 0 ? "python3" : "/usr/bin/python3";
}

test.each([
  [
    "of the document",
    "../fixtures/general-voice-backend.md",
    "http://localhost:8000",
    [`User said: ${booking.text}`, `Agent responded: ${ANSWER}`],
  ],
  ["of our own", "../../docs/conversation.md", "http://localhost:5000", [`${booking.text} -> ${ANSWER}`]],
])(
  "the example %s: a conversation is begun, a recording goes in, words come out",
  async (_whose, file, host, printed) => {
    const document = readFileSync(new URL(file, import.meta.url), "utf8");
    const example = /```python\n([\s\S]*?)```/.exec(document)?.[1] ?? "";
    expect(example.split(host)).toHaveLength(3);
    // The host, and nothing else; its audio.wav is a file in the folder that it is run in.
    writeFileSync(join(folder.path, "example.py"), example.replaceAll(host, url));
    const samples = decodeMulaw(booking.audio);
    writeFileSync(join(folder.path, "audio.wav"), writeWav([samples], 8000));
    const before = { heard: heard.length, asked: asked.length };

    const env = { NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };
    const { out } = await must(await python(), ["example.py"], { cwd: folder.path, env });
    expect(out.trimEnd().split("\n")).toEqual(printed);
    // It was that recording that was heard, and what was heard that was answered.
    const [seconds = 0, ...more] = heard.slice(before.heard);
    expect(Math.abs(seconds - samples.length / 8000)).toBeLessThan(0.1);
    expect(more).toEqual([]);
    expect(asked.slice(before.asked)).toEqual([booking.text]);
  },
);
