// Tools that answer in every bad way there is, asked for over the personal assistant's socket: each comes to a short answer for the model, the
// conversation goes on, and so does somebody else's beside it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "../../src/sim/mcp/desktop.ts";
import { startHttpDesktop } from "../../src/sim/mcp/http.ts";
import { emptyFolder } from "../support/child.ts";
import { until } from "../support/until.ts";
import { createWorld, eventually, PATIENCE_MS, text } from "./assistant-kit.ts";

const world = createWorld();
/** What the model reads of each: the code of an error, or none. What cannot be written is never sent. */
const FAULTS: readonly (readonly [Fault, string | undefined])[] = [
  ["throw", "tool-error"],
  ["reject", "tool-error"],
  ["undefined", "tool-error"],
  ["is-error", "tool-error"],
  ["huge", undefined],
  ["cycle", "timeout"],
  ["never", "timeout"],
];
/** Of what a tool answered, with what stands around it. */
const LONGEST = 70_000;
/**
 * The same desktop under two names: one that is given the time which a loaded machine takes to answer, and one from which nothing is waited for
 * long. The third unanswered run in a row is the last before a server counts as gone: there are three, all of the second.
 */
const PATIENT = "patient";
const HASTY = "hasty";
const nameOf = (fault: string): string => (fault === "never" || fault === "cycle" ? HASTY : PATIENT);

test("throw, reject, nothing, a cycle, an error, 5 MB, never: the conversation goes on", async () => {
  const desktop = await startHttpDesktop();
  const folder = await emptyFolder();
  try {
    const file = join(folder.path, "mcp.json");
    const entry = { http: { url: desktop.url, allow_private: true }, users: ["ada"] };
    const servers = { [PATIENT]: { ...entry, timeout_ms: 20_000 }, [HASTY]: { ...entry, timeout_ms: 1000 } };
    writeFileSync(file, JSON.stringify({ servers }));
    const server = await world.start({ MCP_SERVERS_FILE: file });
    const connected = () => server.log.lines.filter(({ message }) => message === "an MCP server is connected");
    await until("the desktop, twice", () => connected().length === 2, PATIENCE_MS);
    const outputs: string[] = [];
    world.openai.script = {
      brain({ toolOutputs: [answered], text: said }) {
        const [, fault] = /^Look: (.*)/.exec(said) ?? [];
        if (fault === undefined) return "I am here.";
        if (!answered) return { tool: { name: `${nameOf(fault)}__State-Tool`, args: {} } };
        outputs.push(answered.output);
        return { text: `Number ${outputs.length}.` };
      },
    };
    const { client } = await server.talk();
    const isSaid =
      (words: string) =>
      ({ type, transcript }: { readonly type: string; readonly transcript?: unknown }): boolean =>
        type === "response.audio_transcript.done" && transcript === words;
    for (const [at, [fault]] of FAULTS.entries()) {
      desktop.behaviour = { fault };
      client.send(text(`Look: ${fault}`));
      await client.next(isSaid(`Number ${at + 1}.`));
    }
    // While one never answers, somebody else is answered.
    client.send(text("Look: never"));
    const other = await server.talk();
    other.client.send(text("Are you there?"));
    await other.client.next(isSaid("I am here."));
    await client.next(isSaid(`Number ${FAULTS.length + 1}.`));

    expect(outputs.filter((output) => output.length > LONGEST)).toEqual([]);
    const codes = outputs.map((output) => /^\{"error":\{"code":"([a-z-]+)"/.exec(output)?.[1]);
    expect(codes).toEqual([...FAULTS.map(([, code]) => code), "timeout"]);
    expect(client.of("error")).toEqual([]);
    client.close();
    other.client.close();
    await eventually(server, ({ status }) => status === "completed");
    const records = await Promise.all(
      (await server.app.store.list({ limit: 5 })).map(({ callId }) => server.record(callId)),
    );
    const tools = records.flatMap((record) => record.tools);
    expect(tools.map(({ result }) => result)).toEqual(codes.map((code) => (code === undefined ? "ok" : "failed")));
  } finally {
    await desktop.close();
    await folder.remove();
  }
}, 120_000);
