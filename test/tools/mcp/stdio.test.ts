// Servers that are programs of their own: one that others have published, and ours, over their pipes.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../support/until.ts";
import { closeAll, folder, running } from "./kit.ts";

afterEach(closeAll);

const PATIENCE_MS = 20_000;
const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const told = (output: string): string => (JSON.parse(output) as { content: string }).content;
const codeOf = (output: string): string => (JSON.parse(output) as { error: { code: string } }).error.code;

test("the published memory server: its tools are ours, and keep what they are given", async () => {
  const dir = await folder();
  const memory = {
    stdio: {
      command: process.execPath,
      args: [file("node_modules/@modelcontextprotocol/server-memory/dist/index.js")],
      env: { MEMORY_FILE_PATH: join(dir, "graph.jsonl") },
    },
    organizations: "all",
  };
  const { run, mcp, names } = await running({ memory }, { dir, wait: false });
  await until("it is there", () => mcp.isUp("memory") && names().length > 0, PATIENCE_MS);
  expect(names()).toEqual(expect.arrayContaining(["memory__create_entities", "memory__read_graph"]));
  // It says itself that these destroy something.
  expect(
    mcp
      .tools()
      .filter(({ risk }) => risk === "risky")
      .map(({ name }) => name),
  ).toEqual(expect.arrayContaining(["memory__delete_entities"]));
  const entities = [{ name: "Ada", entityType: "person", observations: ["drinks tea"] }];
  expect(await run("memory__create_entities", { entities })).toMatchObject({ result: "ok" });
  const { result, output } = await run("memory__search_nodes", { query: "Ada" });
  expect(result).toBe("ok");
  expect(told(output)).toContain("drinks tea");
  expect((await run("memory__create_entities", { entities: "Ada" })).result).toBe("invalid-arguments");
  expect(readFileSync(join(dir, "graph.jsonl"), "utf8")).toContain("drinks tea");
});

test("a child that writes rubbish, and one that dies: failures, a new child, and none of our secrets in it", async () => {
  const dir = await folder();
  const behaviour = join(dir, "behaviour.json");
  const done = join(dir, "done.jsonl");
  const behave = (what: object): void => writeFileSync(behaviour, JSON.stringify(what));
  behave({});
  const desktop = {
    stdio: {
      command: process.execPath,
      args: ["--import", "tsx", file("src/sim/mcp/stdio.ts")],
      env: { MCP_SIM_BEHAVIOUR: behaviour, MCP_SIM_DONE: done },
    },
    organizations: "all",
    timeout_ms: 3000,
  };
  const { run, mcp, names } = await running({ desktop }, { dir, wait: false });
  await until("it is there", () => mcp.isUp("desktop") && names().length === 11, PATIENCE_MS);
  expect((await run("desktop__Scroll-Tool", { direction: "up" })).result).toBe("ok");
  expect(JSON.parse(readFileSync(done, "utf8").trim())).toEqual({ tool: "Scroll-Tool", args: { direction: "up" } });
  behave({ fault: "garbage" });
  expect((await run("desktop__State-Tool")).result).toBe("failed");
  behave({ fault: "die" });
  expect(codeOf((await run("desktop__State-Tool")).output)).toBe("unavailable");
  expect(codeOf((await run("desktop__State-Tool")).output)).toBe("unavailable");
  behave({});
  await until("there is a new one", () => mcp.isUp("desktop"), PATIENCE_MS);
  expect((await run("desktop__State-Tool")).result).toBe("ok");
});

test("a command that is not there costs nothing but its tools", async () => {
  const { mcp, names, log } = await running(
    { nothing: { stdio: { command: "/nowhere/at-all" }, organizations: "all" } },
    { wait: false },
  );
  await until("it was tried", () => log.lines.some(({ message }) => message === "an MCP server is not there"));
  expect([names(), mcp.isUp("nothing")]).toEqual([[], false]);
});
