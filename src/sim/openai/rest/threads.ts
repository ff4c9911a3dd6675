/** The routes of assistants, threads and messages. Runs are runs.ts's. */
import { Refusal, type Json } from "../check.ts";
import type { Call, Route } from "./http.ts";
import type { Env } from "./index.ts";
import { requireModel } from "./models.ts";
import { page } from "./thinking.ts";
import {
  activeRun,
  checkAssistant,
  checkMessage,
  checkThread,
  checkThreadUpdate,
  guarded,
  newAssistant,
  newMessage,
  requireAssistant,
  requireThread,
  type StoredThread,
} from "./thread-store.ts";

export function threadRoutes(env: Env): Route[] {
  const shown = ({ id, created_at, metadata }: StoredThread) => ({
    id,
    object: "thread",
    created_at,
    metadata,
    tool_resources: {},
  });
  const messageOf = (call: Call, thread: StoredThread) => {
    const message = thread.messages.find((one) => one.id === call.params["message_id"]);
    if (!message) throw new Refusal(null, `No message found with id '${call.params["message_id"]}'.`, { status: 404 });
    return message;
  };
  const routes: Route[] = [
    {
      method: "POST",
      pattern: "/v1/assistants",
      handle(call) {
        checkAssistant(call.body, "");
        requireModel(env, call.body["model"], ["text"]);
        const assistant = newAssistant(env, call.body);
        env.state.assistants.set(assistant.id, assistant);
        call.json(assistant);
      },
    },
    {
      method: "GET",
      pattern: "/v1/assistants/:assistant_id",
      handle: (call) => call.json(requireAssistant(env, call.params["assistant_id"] ?? "")),
    },
    {
      method: "POST",
      pattern: "/v1/threads",
      handle(call) {
        checkThread(call.body, "");
        const id = env.chance.id("thread_", 24);
        const messages = ((call.body["messages"] ?? []) as Json[]).map((message) => newMessage(env, id, message));
        const metadata = (call.body["metadata"] ?? {}) as Json;
        const thread = { id, created_at: Math.floor(env.shared.now() / 1000), metadata, messages, runs: [] };
        env.state.threads.set(id, thread);
        call.json(shown(thread));
      },
    },
    { method: "GET", pattern: "/v1/threads/:thread_id", handle: (call) => call.json(shown(requireThread(env, call))) },
    {
      method: "POST",
      pattern: "/v1/threads/:thread_id",
      handle(call) {
        const thread = requireThread(env, call);
        checkThreadUpdate(call.body, "");
        thread.metadata = (call.body["metadata"] ?? thread.metadata) as Json;
        call.json(shown(thread));
      },
    },
    {
      method: "DELETE",
      pattern: "/v1/threads/:thread_id",
      handle(call) {
        const { id } = requireThread(env, call);
        env.state.threads.delete(id);
        call.json({ id, object: "thread.deleted", deleted: true });
      },
    },
    {
      method: "POST",
      pattern: "/v1/threads/:thread_id/messages",
      handle(call) {
        const thread = requireThread(env, call);
        checkMessage(call.body, "");
        const run = activeRun(thread);
        if (run) throw new Refusal(null, `Can't add messages to ${thread.id} while a run ${run.id} is active.`);
        const message = newMessage(env, thread.id, call.body);
        thread.messages.push(message);
        call.json(message);
      },
    },
    {
      method: "GET",
      pattern: "/v1/threads/:thread_id/messages",
      handle: (call) => call.json(page(requireThread(env, call).messages, call.request.query)),
    },
    {
      method: "GET",
      pattern: "/v1/threads/:thread_id/messages/:message_id",
      handle: (call) => call.json(messageOf(call, requireThread(env, call))),
    },
    {
      method: "DELETE",
      pattern: "/v1/threads/:thread_id/messages/:message_id",
      handle(call) {
        const thread = requireThread(env, call);
        const message = messageOf(call, thread);
        thread.messages = thread.messages.filter((one) => one !== message);
        call.json({ id: message.id, object: "thread.message.deleted", deleted: true });
      },
    },
  ];
  return guarded(env, routes);
}
