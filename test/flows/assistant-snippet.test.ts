// The document's own snippet, from its request to the end of what it begins: the session, the text that is answered by way of a tool that is
// run on the server, the sound that is committed by hand, and the words and sound that come back.
import { runInNewContext } from "node:vm";
import { WebSocket } from "ws";
import { until } from "../support/until.ts";
import { REQUEST, SENDS, SOCKET } from "./assistant-document.ts";
import { createWorld, eventually, KEY, PATIENCE_MS, type Told } from "./assistant-kit.ts";

const world = createWorld();

const SNIPPET = `(async () => {
${REQUEST}
${SOCKET}
ws.addEventListener("open", () => {
${SENDS}
});
return ws;
})()`;

test("works with hosts, keys and values filled in, and its sends after open, up to the spoken answer", async () => {
  const server = await world.start();
  const known = { kind: "identity", subject: "name", text: "The user's name is Ada Lovelace." };
  expect((await server.post("/api/memories", { memories: [known] })).status).toBe(200);
  world.openai.script = {
    transcripts: ["and what is my job"],
    brain: ({ toolOutputs: [found] }) =>
      found
        ? { text: found.output.includes("Ada Lovelace") ? "You are Ada Lovelace." : "I do not know." }
        : { tool: { name: "memory_search", args: { query: "who is this user", userId: "somebody else" } } },
  };
  const received: Told[] = [];
  const printed: unknown[][] = [];
  // 200 ms of pcm16: a tone, which the simulated OpenAI takes for speech.
  const buffer = Int16Array.from({ length: 4800 }, (_, at) => 12_000 * Math.sin(at / 8)).buffer;
  const sandbox = {
    fetch: (path: string, init: RequestInit) =>
      fetch(`${server.url}${path}`, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${KEY}` },
      }),
    WebSocket,
    buffer,
    btoa,
    Int16Array,
    Uint8Array,
    String,
    JSON,
    console: {
      log(...words: unknown[]) {
        printed.push(words);
        if (words[0] === "Received:") received.push(words[1] as Told);
      },
      error: (...words: unknown[]) => printed.push(["error", ...words]),
    },
  };
  const socket = (await runInNewContext(SNIPPET, sandbox)) as WebSocket;
  const types = () => received.map(({ type }) => type);
  const isAnswer = ({ type, response }: Told) =>
    type === "response.done" && JSON.stringify(response).includes("You are Ada Lovelace.");
  await until(
    () => `the spoken answer; came ${types().join(", ")}`,
    () => received.some(isAnswer) && types().includes("conversation.item.input_audio_transcription.completed"),
    PATIENCE_MS,
  );
  expect(types()[0]).toBe("session.created");
  expect(printed).toContainEqual(["Connected to voice agent"]);
  expect(printed.filter(([what]) => what === "error")).toEqual([]);
  expect(received.filter(({ type }) => type === "error")).toEqual([]);

  // What it sent is in the conversation: the text, and the sound, as it was understood.
  const items = received.filter(({ type }) => type === "conversation.item.created").map(({ item }) => item as Told);
  expect(items.filter(({ role }) => role === "user").map(({ content }) => (content as Told[])[0]?.type)).toEqual(
    expect.arrayContaining(["input_text", "input_audio"]),
  );
  // The tool was asked for, run on the server, and its result stands before the answer, which has words and sound.
  const order = [
    "response.function_call_arguments.done",
    (event: Told) => (event["item"] as Told | undefined)?.type === "function_call_output",
    "response.audio_transcript.delta",
    "response.audio.delta",
    "response.audio_transcript.done",
  ].map((what) => received.findIndex((event) => (typeof what === "string" ? event.type === what : what(event))));
  expect(order.every((at) => at > 0)).toBe(true);
  expect(order.slice(0, 2).every((at) => at < Math.min(...order.slice(2)))).toBe(true);
  expect(received.find(isAnswer)).toMatchObject({ response: { status: "completed" } });

  socket.close();
  await until("the end", () => printed.some(([what]) => what === "Disconnected from voice agent"), PATIENCE_MS);
  const record = await eventually(server, ({ status }) => status === "completed");
  expect(record.turns.map(({ by, text }) => [by, text])).toEqual(
    expect.arrayContaining([
      ["text", "Hello, who am I?"],
      ["speech", "and what is my job"],
    ]),
  );
  expect(new Set(record.tools.map(({ name, result }) => `${name} ${result}`))).toEqual(new Set(["memory_search ok"]));
});
