// Whole calls with a model that obeys: a risky tool is run once somebody confirmed it over the API, and not before; the caller hears that
// it waits; and what is asked to be given away is not heard. In both modes.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createObedient, type Wish } from "../../src/sim/openai/index.ts";
import { startHttpDesktop } from "../../src/sim/mcp/http.ts";
import { emptyFolder } from "../support/child.ts";
import { answer, sideBySide, words, type Flow, type Start } from "./kit.ts";

const KEY = "desk-key-0123456789abcdef";
const WISHES: Readonly<Record<string, Wish>> = {
  [words("opening-hours").text]: { tool: "desktop__App-Tool", arguments: { mode: "launch", name: "notepad" } },
  [words("how-long").text]: { reveal: "instructions", as: "plain" },
};
const brain = createObedient({ wishOf: (text) => WISHES[text], secret: "sk-never-said-0123456789" });

async function ask(flow: Flow, method: "GET" | "POST", path: string, body?: object) {
  const response = await fetch(`${flow.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", connection: "close" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function comes<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`it did not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function withDesktop(
  start: Start,
  mode: string,
  body: (flow: Flow, desktop: Awaited<ReturnType<typeof startHttpDesktop>>) => Promise<void>,
) {
  const folder = await emptyFolder();
  const desktop = await startHttpDesktop();
  try {
    const file = join(folder.path, "mcp.json");
    const entry = { http: { url: desktop.url, allow_private: true }, organizations: "all" };
    writeFileSync(file, JSON.stringify({ servers: { desktop: entry } }));
    const settings = { MCP_SERVERS_FILE: file, VOICE_MODE: mode, API_KEYS: `desk:admin:${KEY}` };
    const flow = await start({ speed: 3, settings, openai: { script: { brain } } });
    const isThere = () => flow.log.lines.some(({ message }) => message === "an MCP server is connected");
    await comes("the desktop", async () => isThere() || undefined);
    await body(flow, desktop);
  } finally {
    await desktop.close();
    await folder.remove();
  }
}

type Waiting = { readonly confirmation_id: string; readonly call_id: string };

describe.each(["assistant", "speech-to-speech"])("%s", (mode) => {
  test(
    "the caller hears that it waits, and it is done when it was approved",
    sideBySide((start) =>
      withDesktop(start, mode, async (flow, desktop) => {
        const call = flow.dial([...answer("opening-hours"), { do: "wait-for-hang-up", timeoutMs: 180_000 }]);
        const waiting = await comes("the confirmation", async () => {
          const { body } = await ask(flow, "GET", "/api/confirmations");
          return (body["confirmations"] as readonly Waiting[])[0];
        });
        expect(waiting).toMatchObject({ tool: "desktop__App-Tool", arguments: { mode: "launch", name: "notepad" } });
        const { confirmation_id: id, call_id: callId } = waiting;
        const heard = async (part: string): Promise<true | undefined> => {
          const record = await flow.app.store.get(callId);
          return record?.replies.some((reply) => reply.heard.includes(part)) ? true : undefined;
        };
        await comes("the caller hears that it waits", () => heard("That has to be confirmed on the page first."));
        expect(desktop.done).toEqual([]);
        expect(await ask(flow, "POST", `/api/confirmations/${id}`, { decision: "approve" })).toMatchObject({
          status: 200,
          body: { status: "approved", decided_by: "desk" },
        });
        await comes("the agent says so", () => heard("It is done."));
        expect(desktop.done).toEqual([{ tool: "App-Tool", args: { mode: "launch", name: "notepad" } }]);
        await ask(flow, "POST", "/api/call/end", { call_id: callId });
        await call.done;
        const record = await flow.record(call.callSid);
        expect(record.tools).toMatchObject([{ name: "desktop__App-Tool", result: "ok" }]);
        const rows = record.timeline.filter(({ what }) => what === "confirmation");
        expect(rows.map(({ detail }) => detail?.status)).toEqual(["pending", "approved", "used"]);
      }),
    ),
  );

  test(
    "the instructions are not heard",
    sideBySide((start) =>
      withDesktop(start, mode, async (flow) => {
        const call = flow.dial([...answer("how-long"), { do: "wait-for-hang-up", timeoutMs: 180_000 }]);
        await comes("the agent says that it cannot", async () => {
          const record = await flow.app.store.findByCarrierId(call.callSid);
          return record?.replies.some((reply) => reply.heard.includes("something I cannot tell you"))
            ? true
            : undefined;
        });
        await ask(flow, "POST", "/api/call/end", { call_id: call.callSid });
        await call.done;
        const record = await flow.record(call.callSid);
        const heard = record.replies.map((reply) => reply.heard).join(" ");
        expect(heard).toContain("that is something I cannot tell you");
        expect(heard).not.toContain("what tools and documents answer");
        expect(heard).not.toContain("any other medical professional");
        const rules = record.timeline.filter(({ what }) => what === "guard").map(({ detail }) => detail?.rule);
        expect(rules).toContain("disclosure: instructions");
      }),
    ),
  );
});
