// The description of the WebSockets (AsyncAPI 3.0), as openapi.ts is of the routes: made of the schemas that read what clients send,
// and of those that what we send is held against in the tests.
import type { z } from "zod";
import { schemaOf, type JsonObject } from "./openapi.ts";

export interface SocketMessage {
  readonly name: string;
  readonly summary: string;
  readonly schema: z.ZodType;
}

export interface SocketDescription {
  readonly id: string;
  /** As OpenAPI writes it: /ws/voice-agent/{session_id}. */
  readonly address: string;
  readonly summary: string;
  readonly description: string;
  readonly params?: Readonly<Record<string, string>>;
  /** Fields of the query, which all may be left out. */
  readonly query?: z.ZodObject;
  /** From the client. */
  readonly receives: readonly SocketMessage[];
  /** To the client. */
  readonly sends: readonly SocketMessage[];
}

export interface AsyncApiParts {
  readonly sockets: readonly SocketDescription[];
  readonly version: string;
  /** http or https. */
  readonly origin: string;
}

export function createAsyncApi({ sockets, version, origin }: AsyncApiParts): JsonObject {
  const address = new URL(origin);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Voicebridge: WebSockets",
      version,
      description:
        "The sockets of the server; its routes are described in `/openapi.json`. All messages are JSON text.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      here: {
        host: address.host,
        protocol: address.protocol === "https:" ? "wss" : "ws",
        description: "This server.",
      },
    },
    channels: Object.fromEntries(sockets.map((socket) => [socket.id, channel(socket)])),
    operations: Object.fromEntries(
      sockets.flatMap((socket) => [
        [`${socket.id}.receive`, operation(socket, "receive", `What ${socket.id} takes`, socket.receives)],
        [`${socket.id}.send`, operation(socket, "send", `What ${socket.id} says`, socket.sends)],
      ]),
    ),
  };
}

/** A message of one name may be said by both sides: they are two messages of the channel. */
const keyOf = (action: "receive" | "send", { name }: SocketMessage): string =>
  `${action === "receive" ? "in" : "out"}.${name}`;

function channel(socket: SocketDescription): JsonObject {
  const message = (action: "receive" | "send") => (one: SocketMessage) =>
    [
      keyOf(action, one),
      {
        name: one.name,
        title: one.name,
        summary: one.summary,
        payload: schemaOf(one.schema, action === "receive" ? "input" : "output"),
      },
    ] as const;
  return {
    address: socket.address,
    title: socket.summary,
    description: socket.description,
    servers: [{ $ref: "#/servers/here" }],
    ...(socket.params && {
      parameters: Object.fromEntries(
        Object.entries(socket.params).map(([name, description]) => [name, { description }]),
      ),
    }),
    messages: Object.fromEntries([...socket.receives.map(message("receive")), ...socket.sends.map(message("send"))]),
    bindings: {
      ws: { method: "GET", ...(socket.query && { query: schemaOf(socket.query, "input") }), bindingVersion: "0.1.0" },
    },
  };
}

function operation(
  socket: SocketDescription,
  action: "receive" | "send",
  title: string,
  messages: readonly SocketMessage[],
): JsonObject {
  return {
    action,
    title,
    channel: { $ref: `#/channels/${socket.id}` },
    messages: messages.map((one) => ({ $ref: `#/channels/${socket.id}/messages/${keyOf(action, one)}` })),
  };
}
