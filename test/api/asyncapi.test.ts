// The description of the WebSockets, held against AsyncAPI's own parser.
import { Parser } from "@asyncapi/parser";
import { createAsyncApi } from "../../src/api/asyncapi.ts";
import { socketsOf } from "../../src/api/sockets.ts";
import { CLIENT_EVENTS } from "../../src/wire/assistant/client-events.ts";
import { clientMessage, serverMessage } from "../../src/wire/browser.ts";

const description = createAsyncApi({
  sockets: socketsOf({ phone: true }),
  version: "1.2.3",
  origin: "https://voice.example.com",
});

test("is valid AsyncAPI", async () => {
  const diagnostics = await new Parser().validate(JSON.stringify(description));
  // What is only advice (a newer version, contact data) is not an error; severity 0 is.
  expect(diagnostics.filter(({ severity }) => String(severity) === "0")).toEqual([]);
  const broken = await new Parser().validate(JSON.stringify({ ...description, channels: { one: { messages: 5 } } }));
  expect(broken.filter(({ severity }) => String(severity) === "0")).not.toEqual([]);
});

test("has every message that is read or said, each with a sentence of its own", () => {
  const channels = description["channels"] as Record<string, { messages: Record<string, { summary: string }> }>;
  const messages = channels["voiceAgent"]?.messages ?? {};
  const names = (prefix: string, union: typeof clientMessage | typeof serverMessage) =>
    union.options.map(({ shape }) => `${prefix}.${[...shape.type.values][0]}`);
  expect(new Set(Object.keys(messages))).toEqual(
    new Set([...names("in", clientMessage), ...names("out", serverMessage)]),
  );
  for (const [key, { summary }] of Object.entries(messages))
    expect([key, summary]).toEqual([key, expect.stringMatching(/ /)]);
  expect(description["servers"]).toMatchObject({ here: { host: "voice.example.com", protocol: "wss" } });
});

test("has the assistant's socket, with every event a client may send", () => {
  const { assistant } = description["channels"] as Record<
    string,
    { address: string; messages: Record<string, unknown> }
  >;
  expect(assistant?.address).toBe("/ws/assistant");
  for (const type of CLIENT_EVENTS) expect(assistant?.messages).toHaveProperty([`in.${type}`]);
  expect(assistant?.messages).toHaveProperty(["out.response.audio.delta"]);
});

test("without a phone there is no stream of a carrier", () => {
  const { channels } = createAsyncApi({ sockets: socketsOf({ phone: false }), version: "1", origin: "http://x" }) as {
    channels: Record<string, unknown>;
  };
  expect(channels).not.toHaveProperty("mediaStream");
});
