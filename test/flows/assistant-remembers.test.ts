// What a user tells the personal assistant is kept, by the model's own tool, for this user alone; the next conversation begins with it.
import { remembering, type BrainInput } from "../../src/sim/openai/index.ts";
import { createWorld, KEY, OTHER_KEY, PATIENCE_MS, text, type Server, type SessionAnswer } from "./assistant-kit.ts";

const world = createWorld();
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const TOLD = "My name is Grace. I work as a welder. When I say prep my day: open the mail, then read the news.";

async function memoriesOf(server: Server, key: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const answer = await fetch(`${server.url}/api/memories`, { headers: as(key) });
  return ((await answer.json()) as { memories: Readonly<Record<string, unknown>>[] }).memories;
}

/** At once, or that it is under way: the model of a loaded machine may take longer than a talk waits for it. */
async function onceKept(server: Server, key: string, count: number) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await memoriesOf(server, key);
    if (found.length >= count || performance.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("told once, kept for this user, known from the first word of their next conversation", async () => {
  const asked: BrainInput[] = [];
  const kept: string[] = [];
  world.openai.script = {
    brain(input) {
      if (input.format === "memories") return remembering(input);
      asked.push(input);
      const [output] = input.toolOutputs;
      if (output) {
        kept.push(output.output);
        return "I will remember that.";
      }
      // As a model would that was talked into writing for somebody else.
      const messages = [{ role: "user", content: input.text }];
      if (/my name is/i.test(input.text)) return { tool: { name: "memory_add", args: { messages, userId: "bob" } } };
      // It knows nothing but what it was told to be.
      const [, name] = /The user's name is (\w+)/.exec(input.instructions) ?? [];
      return name === undefined ? "Good morning. What shall I call you?" : `Good morning, ${name}.`;
    },
  };
  const server = await world.start();
  const first = await server.talk();
  expect(first.session.instructions).not.toContain("Grace");
  first.client.send(text(TOLD));
  await first.client.next(said("I will remember that."));
  expect(kept.join()).toMatch(/"ok":true/);
  first.client.close();
  await first.client.closed;

  const found = await onceKept(server, KEY, 3);
  expect(found).toHaveLength(3);
  expect(found).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: "identity", subject: "name", text: "The user's name is Grace." }),
      expect.objectContaining({ kind: "identity", text: "The user works as a welder." }),
      expect.objectContaining({ kind: "routine", subject: "prep my day", steps: ["open the mail", "read the news"] }),
    ]),
  );
  expect(await memoriesOf(server, OTHER_KEY)).toEqual([]);

  const again = await server.talk();
  again.client.send(text("Good morning"));
  await again.client.next(said("Good morning, Grace."));
  // What the model was told, and not only what the client was shown.
  const instructions = asked.at(-1)?.instructions ?? "";
  expect(instructions).toBe(again.session.instructions);
  const [, remembered = ""] = /<memories>(.*)<\/memories>/.exec(instructions) ?? [];
  for (const fact of ["name is Grace", "a welder", "prep my day", "read the news"]) expect(remembered).toContain(fact);
  // The voice speaks by itself, so that this is all there is against markdown in what is heard.
  expect(instructions).toContain("Everything you write is spoken. Plain sentences only: no markdown, no lists");

  const { body } = await server.post("/api/voice-agent", {}, as(OTHER_KEY));
  const others = body as unknown as SessionAnswer;
  expect(others.instructions).not.toMatch(/Grace|welder|prep my day: /);
  const client = world.connect(others.client_secret.value);
  client.send(text("Good morning"));
  await client.next(said("Good morning. What shall I call you?"));
  expect(JSON.stringify(server.log.lines)).not.toMatch(/Grace|welder/);
});

const said =
  (words: string) =>
  ({ type, transcript }: { readonly type: string; readonly transcript?: unknown }): boolean =>
    type === "response.audio_transcript.done" && transcript === words;

test("however many sessions others begin, one's own begins with what is remembered", async () => {
  const server = await world.start();
  await server.post("/api/memories", {
    memories: [{ kind: "identity", subject: "name", text: "The user's name is Grace." }],
  });
  for (let n = 0; n < 31; n++) expect((await server.post("/api/voice-agent", {}, as(OTHER_KEY))).status).toBe(200);
  const { body } = await server.post("/api/voice-agent");
  expect(body["instructions"]).toContain("The user's name is Grace.");
});
