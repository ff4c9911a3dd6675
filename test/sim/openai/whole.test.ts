import { readFile } from "node:fs/promises";
import type { RealtimeClientEvent, RealtimeServerEvent } from "openai/resources/realtime/realtime";
import { decodeMulaw, encodeMulaw, mulawSilence } from "../../../src/audio/mulaw.ts";
import { rmsDbfs } from "../../../src/audio/pcm.ts";
import { desk } from "../../../src/sim/openai/desk.ts";
import { hum } from "../../../src/sim/openai/hum.ts";
import { startOpenAISim, type BrainInput } from "../../../src/sim/openai/index.ts";
import { espeakVoice } from "../../../src/sim/speak.ts";
import { closeSims, open, phone, sim } from "./client.ts";
import { official, until } from "./rest-client.ts";

afterEach(closeSims);

/** Every server event of the official package: sent by the simulator, sent behind a switch, or not of this socket. */
const SERVER: Record<RealtimeServerEvent["type"], "sent" | "switch" | "elsewhere"> = {
  "session.created": "sent",
  "session.updated": "sent",
  error: "sent",
  "input_audio_buffer.speech_started": "sent",
  "input_audio_buffer.speech_stopped": "sent",
  "input_audio_buffer.committed": "sent",
  "input_audio_buffer.cleared": "sent",
  "input_audio_buffer.timeout_triggered": "sent",
  "conversation.item.added": "sent",
  "conversation.item.done": "sent",
  "conversation.item.deleted": "sent",
  "conversation.item.retrieved": "sent",
  "conversation.item.truncated": "sent",
  "conversation.item.input_audio_transcription.delta": "sent",
  "conversation.item.input_audio_transcription.completed": "sent",
  "conversation.item.input_audio_transcription.failed": "sent",
  "response.created": "sent",
  "response.done": "sent",
  "response.output_item.added": "sent",
  "response.output_item.done": "sent",
  "response.content_part.added": "sent",
  "response.content_part.done": "sent",
  "response.output_audio.delta": "sent",
  "response.output_audio.done": "sent",
  "response.output_audio_transcript.delta": "sent",
  "response.output_audio_transcript.done": "sent",
  "response.output_text.delta": "sent",
  "response.output_text.done": "sent",
  "response.function_call_arguments.delta": "sent",
  "response.function_call_arguments.done": "sent",
  "rate_limits.updated": "sent",
  "conversation.created": "switch",
  "conversation.item.created": "switch",
  "conversation.item.input_audio_transcription.segment": "elsewhere",
  "input_audio_buffer.dtmf_event_received": "elsewhere",
  "output_audio_buffer.started": "elsewhere",
  "output_audio_buffer.stopped": "elsewhere",
  "output_audio_buffer.cleared": "elsewhere",
  "mcp_list_tools.in_progress": "elsewhere",
  "mcp_list_tools.completed": "elsewhere",
  "mcp_list_tools.failed": "elsewhere",
  "response.mcp_call_arguments.delta": "elsewhere",
  "response.mcp_call_arguments.done": "elsewhere",
  "response.mcp_call.in_progress": "elsewhere",
  "response.mcp_call.completed": "elsewhere",
  "response.mcp_call.failed": "elsewhere",
};

const CLIENT: Record<RealtimeClientEvent["type"], boolean> = {
  "session.update": true,
  "input_audio_buffer.append": true,
  "input_audio_buffer.commit": true,
  "input_audio_buffer.clear": true,
  "conversation.item.create": true,
  "conversation.item.retrieve": true,
  "conversation.item.delete": true,
  "conversation.item.truncate": true,
  "response.create": true,
  "response.cancel": true,
  "output_audio_buffer.clear": false,
};

test("the client events taken are those of the official package, but for the one that has no place here", async () => {
  const client = await phone(await sim());
  const { message } = await client.refused({ type: "?" });
  const listed = [...String(message).matchAll(/'([a-z_.]+)'/g)].map((match) => match[1]);
  const taken = Object.keys(CLIENT).filter((type) => CLIENT[type as RealtimeClientEvent["type"]]);
  expect(new Set(listed)).toEqual(new Set(taken));
});

test("a phone call in real words: heard, thought about, spoken, with only events the official package knows", async () => {
  const folder = "test/fixtures/caller";
  const caller = async (id: string) => await readFile(`${folder}/${id}.ulaw`);
  const on = await sim({ synthesize: espeakVoice, script: { transcripts: ["Could you tell me your opening hours?"] } });
  const client = await phone(on);
  client.append(Buffer.concat([mulawSilence(300), await caller("opening-hours"), mulawSilence(800)]));
  const heard = await client.next("conversation.item.input_audio_transcription.completed");
  const thread = official(on);
  const answer = await thread.responses.create({ model: "gpt-6-luna", input: heard["transcript"] as string });
  const said = answer.output_text.split(/(?<=\.) /)[0] as string;
  client.send({
    type: "response.create",
    response: {
      conversation: "none",
      output_modalities: ["audio"],
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: `<say>${said}</say>` }] }],
    },
  });
  expect((await client.next("response.output_audio_transcript.done"))["transcript"]).toBe(said);
  await client.next("rate_limits.updated");
  const audio = Buffer.concat(
    client.events
      .filter((event) => event.type === "response.output_audio.delta")
      .map((event) => Buffer.from(event["delta"] as string, "base64")),
  );
  // About fifteen letters a second, and loud.
  expect(audio.length / 8).toBeGreaterThan(said.length * 40);
  expect(audio.length / 8).toBeLessThan(said.length * 110);
  expect(rmsDbfs(decodeMulaw(audio))).toBeGreaterThan(-26);
  for (const type of client.types()) expect([type, (SERVER as Record<string, string>)[type]]).toEqual([type, "sent"]);
});

describe("the desk", () => {
  const input = (text: string, tools: string[] = []): BrainInput => ({
    api: "responses",
    model: "gpt-6-luna",
    text,
    history: [],
    tools,
    toolOutputs: [],
    notes: [],
    instructions: "",
    turn: 1,
    thread: "",
  });

  test.each([
    ["Hello?", /what can I do for you/i],
    ["Hi, could you tell me your opening hours?", /Monday to Friday/],
    ["I would like to book an oil change for my car.", /Which day/],
    ["Tuesday at nine, please.", /Tuesday at nine is free.*press one/],
    ["Wait, actually, make it Thursday instead. I am away on Tuesday.", /moved it to Thursday/],
    ["How long does the repair take?", /forty minutes/],
    ["1", /confirmed/],
    ["The caller pressed these keys: 2", /not booked/],
    ["Stop!", /All right/],
    ["", /did not catch/],
    ["Blue elephants.", /You said: Blue elephants\./],
  ])("answers %j", async (text, said) => {
    expect(await desk(input(text))).toEqual({ text: expect.stringMatching(said) });
  });

  test("uses the tools it is offered, and only those", async () => {
    const person = "I want to talk to a person.";
    expect(await desk(input(person, ["transfer_call"]))).toMatchObject({ tool: { name: "transfer_call" } });
    expect(await desk(input(person))).not.toHaveProperty("tool");
    expect(await desk(input("Thank you, goodbye.", ["end_call"]))).toMatchObject({
      text: expect.stringMatching(/goodbye/),
      tool: { name: "end_call" },
    });
    const after = (output: string) => ({
      ...input(person),
      toolOutputs: [{ name: "transfer_call", callId: "c", output }],
    });
    expect(await desk(after('{"error":"busy"}'))).toMatchObject({ text: expect.stringMatching(/could not reach/) });
    expect(await desk(after('{"ok":true}'))).toMatchObject({ text: "One moment." });
  });
});

test("closing lets go of everything: sockets, timers, streams and the port", async () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const on = await startOpenAISim({ timing: { pace: 0.1, transcriptMs: 60_000, textDeltaMs: 60_000 } });
  const client = await phone(on);
  client.append(Buffer.concat([await line(), mulawSilence(500)]));
  await client.next("input_audio_buffer.committed");
  client.send({ type: "response.create" });
  await client.next("response.output_audio.delta");
  on.faultNext({ refuse: "hang" });
  const hanging = open(on);
  const openai = official(on);
  const stream = openai.responses.create({ model: "gpt-6-luna", input: "x", stream: true }).then(async (events) => {
    for await (const event of events) void event;
  });
  const failed = stream.then(
    () => "ended",
    () => "cut",
  );
  const thread = await openai.beta.threads.create({ messages: [{ role: "user", content: "x" }] });
  await openai.beta.threads.runs.create(thread.id, { assistant_id: "asst_sim" });
  await until(() => on.requests.length === 3);
  await on.close();
  expect(await failed).toBe("cut");
  expect((await client.closed).code).toBe(1006);
  expect((await hanging.closed).code).toBe(1006);
  expect((await on.sessions[0]?.closed)?.code).toBe(1006);
  expect(on.counts.open).toBe(0);
  await until(() => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length <= before);
  const again = await startOpenAISim({ port: on.port });
  await again.close();
});

async function line(): Promise<Uint8Array> {
  return encodeMulaw(await hum("some words to hear", { voice: "x", rate: 8000, speed: 1 }));
}

test("the same seed and the same requests give the same answers", async () => {
  const runs: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const on = await sim({ seed: 5, now: () => 1_790_000_000_000 });
    const openai = official(on);
    const { id } = await openai.conversations.create();
    const response = await openai.responses.create({ model: "gpt-6-luna", input: "Hello", conversation: id });
    const chat = await openai.chat.completions.create({
      model: "gpt-6-luna",
      messages: [{ role: "user", content: "Hello" }],
    });
    runs.push([id, response, chat]);
  }
  expect(runs[0]).toEqual(runs[1]);
});
