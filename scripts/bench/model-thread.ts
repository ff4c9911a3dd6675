// The thinking end of the bench's model: as much of Responses and Conversations over HTTP as a phone call needs, streamed word
// by word by the one timer of the process, and Chat Completions for questions in writing.
import type { IncomingMessage, ServerResponse } from "node:http";
import { threadText, turnIn, type Load } from "./load.ts";
import type { TurnTimes } from "./model-log.ts";
import { sharedNow } from "./stamp.ts";

interface Stream {
  readonly response: ServerResponse;
  readonly words: readonly string[];
  readonly turn: TurnTimes | undefined;
  sent: number;
  dueMs: number;
}

const ITEM = "msg_1";

/** @param turnOf the turn that this call is in, for its times. */
export function createModelThread(turnOf: (call: number) => TurnTimes | undefined) {
  const streams = new Set<Stream>();
  let conversations = 0;
  let answers = 0;

  function sse(stream: Stream, type: string, rest: object): void {
    stream.response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`);
  }

  function begin(body: string, response: ServerResponse, load: Load): void {
    const now = sharedNow();
    const about = turnIn(body);
    const turn = about && turnOf(about.call);
    if (turn) turn.asked = now;
    const words = threadText(about?.turn ?? 0, load.conversation).match(/\s*\S+/g) ?? [];
    const stream: Stream = { response, words, turn, sent: 0, dueMs: now + load.thinkMs };
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    sse(stream, "response.created", { response: { id: `resp_t${++answers}`, status: "in_progress", output: [] } });
    sse(stream, "response.output_item.added", {
      output_index: 0,
      item: { id: ITEM, type: "message", role: "assistant", status: "in_progress", content: [] },
    });
    streams.add(stream);
    response.on("close", () => streams.delete(stream));
  }

  /** Chat Completions, not streamed; its words are how long it took. */
  function answer(response: ServerResponse, { thinkMs }: Load): void {
    const came = sharedNow();
    setTimeout(() => {
      const content = `own ${(sharedNow() - came).toFixed(3)} ms`;
      const choices = [{ index: 0, message: { role: "assistant", content, refusal: null }, finish_reason: "stop" }];
      const usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ id: "chatcmpl_1", object: "chat.completion", created: 0, choices, usage }));
    }, thinkMs);
  }

  function end(stream: Stream): void {
    streams.delete(stream);
    const text = stream.words.join("");
    const item = {
      id: ITEM,
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text, annotations: [] }],
    };
    sse(stream, "response.completed", {
      response: {
        id: `resp_t${answers}`,
        status: "completed",
        output: [item],
        usage: { input_tokens: 10, output_tokens: stream.words.length, total_tokens: 10 + stream.words.length },
      },
    });
    stream.response.end();
  }

  return {
    handle(request: IncomingMessage, response: ServerResponse, load: Load): void {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const path = request.url ?? "";
        if (request.method === "POST" && path.endsWith("/responses"))
          return begin(Buffer.concat(chunks).toString(), response, load);
        if (request.method === "POST" && path.endsWith("/chat/completions")) return answer(response, load);
        response.setHeader("content-type", "application/json");
        if (request.method === "POST" && path.endsWith("/conversations"))
          response.end(`{"id":"conv_${++conversations}","object":"conversation","created_at":0,"metadata":{}}`);
        else if (path.includes("/items")) response.end('{"object":"list","data":[],"has_more":false}');
        else {
          response.statusCode = 404;
          response.end('{"error":{"message":"the bench has no such route","type":"invalid_request_error"}}');
        }
      });
    },
    tick(nowMs: number, { wordMs }: Load): void {
      for (const stream of streams) {
        while (stream.dueMs <= nowMs && stream.sent < stream.words.length) {
          const delta = stream.words[stream.sent++] as string;
          sse(stream, "response.output_text.delta", { item_id: ITEM, output_index: 0, content_index: 0, delta });
          // A full stop may stand inside a number: only the word behind it shows that the sentence is complete.
          const before = stream.words[stream.sent - 2] ?? "";
          if (stream.turn && Number.isNaN(stream.turn.sentence) && before.endsWith("."))
            stream.turn.sentence = sharedNow();
          stream.dueMs += wordMs;
        }
        if (stream.sent === stream.words.length) end(stream);
      }
    },
  };
}
