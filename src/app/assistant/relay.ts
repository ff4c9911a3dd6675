// One conversation with the personal assistant: a client on one side, OpenAI Realtime on the other, and between them what makes it a call of
// ours: its record, its guard, its tools, its limits. Without a client it is the sideband of a call that somebody else carries.
import { createJournal } from "../../bridge/journal.ts";
import { createMatters } from "../../bridge/matters.ts";
import type { Call } from "../../bridge/parts.ts";
import type { CallEnding, EndReason } from "../../core/call.ts";
import type { AudioDelta } from "../../wire/openai-realtime.ts";
import * as make from "../../wire/openai-realtime-client.ts";
import { speechFor } from "../../speech/session-config.ts";
import type { RelayEvent } from "../../speech/relayed-session.ts";
import { createAnswers } from "./answers.ts";
import { createAsking, takeRefusal } from "./asking.ts";
import { createClientSide } from "./client-side.ts";
import { createConnection } from "./connection.ts";
import { createGuarding } from "./guarding.ts";
import { createHeardAudio } from "./heard-audio.ts";
import { cutNote, hiddenItem, historyItems, isHidden } from "./history.ts";
import { createMissedCalls } from "./missed-calls.ts";
import { createParting } from "./parting.ts";
import type { RelayParts } from "./relay-parts.ts";
import { createReplies } from "./replies.ts";
import { watchUser } from "./sideband.ts";
import { createToolCalls } from "./tool-calls.ts";
import { createTurns } from "./turns.ts";
import { withoutStopped } from "./unsaid.ts";

/** A model that speaks in an endless loop of tools is stopped; of one turn of the user. */
const MOST_ROUNDS = 25;

export function startRelay(parts: RelayParts): Call {
  const { party, client, voice, clock, ids, resumed, budget, settings } = parts;
  const journal = createJournal({ ...parts, logContent: settings.logContent, spending: budget });
  const { log } = journal;
  const matters = createMatters({ journal, ids, plan: parts.planEscalation, atMs: journal.elapsedMs, resumed });
  let lastName = 0;
  const nameIt = (prefix: string): string => `${prefix}${++lastName}`;
  let isOver = false;
  let rounds = 0;
  /** To be said to the next connection: what was cut, and that an answer is owed. */
  let afterLoss: { readonly cut: string | undefined; readonly owed: boolean } | undefined;
  let resolveEnded = (_reason: EndReason): void => {};
  const ended = new Promise<EndReason>((resolve) => (resolveEnded = resolve));

  const send = (event: RelayEvent): void => connection.send(event);
  const tell = (note: string): void => send(hiddenItem(nameIt("vb_n"), "system", note));
  const asking = createAsking({
    clock,
    create() {
      const eventId = nameIt("vb_a");
      send(make.answer(eventId, { respond: eventId }));
      return eventId;
    },
    gaveUp: (code) => turns.cause(`no-answer: ${code}`.slice(0, 80)),
  });
  const guarding = createGuarding({
    guard: parts.guard,
    journal,
    matters,
    tell,
    instead(words) {
      cutAnswer();
      if (words !== "") say(words);
    },
    end(words) {
      cutAnswer();
      parting.afterReply("agent-hangup");
      if (words !== "") say(words);
    },
  });
  const parting = createParting({
    clock,
    maxCallMs: settings.maxCallMs,
    isBusy: () => isOver || asking.owes() || tools.isRunning() || answers.isSaying(),
    leftMs: () => replies.leftMs(),
    finish,
  });
  const heard = createHeardAudio({
    isManual: () => side?.turnDetection() === null,
    isKept: () => !connection.isReady(),
  });
  const turns = createTurns({
    journal,
    guard: { user: (text) => (parting.touch(), (rounds = 0), guarding.user(text)), unheard: () => guarding.unheard() },
    transcriptionModel: voice.transcription.model,
    before: resumed?.turns.at(-1)?.turn ?? 0,
    clock,
  });
  const replies = createReplies({ journal, clock, onRecorded: () => (parting.touch(), parting.look()) });
  const tools = createToolCalls({
    tools: parts.tools,
    journal,
    clock,
    send,
    // All sidebands of a call are of one conversation.
    connection: () => (client ? connection.number() : 0),
    isConnected: () => connection.isReady(),
    want: () => asking.want(),
    context: {
      callId: party.callId,
      orgId: party.orgId,
      userId: parts.userId,
      // Nobody can be dialled into this call: a person is called for instead.
      endAfterReply: (how) =>
        how.kind === "transfer"
          ? void guarding.escalate({ trigger: "tool", urgency: "normal", reason: how.note })
          : parting.afterReply(how.reason),
      escalate: (request) => guarding.escalate(request),
      intake: matters.intake,
      keepIntake: matters.keepIntake,
      // A tool that waits for somebody's word says so, and is waited for.
      ...(client && { announce: (text: string) => safely(() => say(text)) }),
    },
  });
  const answers = createAnswers({
    model: voice.model,
    journal,
    replies,
    asking,
    guarding,
    turns,
    runTools(calls) {
      if (++rounds <= MOST_ROUNDS) return void tools.run(calls);
      turns.cause("too-many-tools");
      log.warn("the assistant asks for tools without end");
    },
    said: (text) => send(hiddenItem(nameIt("vb_s"), "assistant", text)),
    after: () => parting.look(),
  });
  const connection = createConnection({
    ...parts,
    log,
    isOurs: client !== undefined,
    ...(client && { session: () => side?.session() ?? {}, history: () => historyItems(nameIt, lines()) }),
    isQuiet: () => !asking.owes() && !tools.isRunning() && !answers.isSaying() && !side?.isSpeaking(),
    onReady,
    onEvent: (event) => safely(() => onEvent(event)),
    onAudio: (audio, frame) => safely(() => onAudio(audio, frame)),
    onLost,
    onHopeless: (code) =>
      client
        ? finish("voice-unavailable", `OpenAI cannot be reached: ${code}`)
        : finish(code === "closed-by-server" ? "caller-hangup" : "line-lost"),
  });
  const side =
    client &&
    createClientSide({ ...parts, client, connection, asking, turns, answers, replies, heard, nameIt, finish });

  const beside = client ? undefined : createMissedCalls({ ...parts, log, send, nameIt, tools, asking });

  const lines = () => [...parts.earlier, ...journal.spoken()];

  /** What OpenAI sends is read as it is documented; what is not so must not end the process. */
  function safely(work: () => void): void {
    if (isOver) return;
    try {
      work();
    } catch (error) {
      journal.stumbled(error);
    }
  }

  function onReady(session: unknown, after: string | undefined): void {
    const owes = afterLoss;
    afterLoss = undefined;
    answers.lost();
    if (after !== undefined) journal.note("reconnected", { cause: after });
    side?.ready(session, after);
    tools.connected();
    beside?.look();
    if (owes?.cut !== undefined) tell(cutNote(owes.cut));
    // Whoever came back while an answer was owed is given it.
    const waits = resumed && after === undefined && journal.spoken().at(-1)?.role === "caller";
    if (owes?.owed || waits) asking.want();
  }

  function onLost(code: string): void {
    const lost = asking.lost();
    // What ends meanwhile is not heard of, and must not be waited for.
    if (beside) return beside.lost(lost.isOpen);
    const cut = replies.unfinished();
    const owed = lost.owed || tools.isRunning();
    const repeats = turns.isPending() && cut === undefined;
    replies.flush();
    turns.lost(repeats);
    side?.lost(repeats);
    // What is heard again is answered anew; the result of a tool asks for its answer itself.
    afterLoss = { cut, owed: owed && !repeats && !tools.isRunning() };
    turns.cause(`reconnect: ${code}`.slice(0, 80));
  }

  function onAudio(audio: AudioDelta, frame: string): void {
    if (guarding.isStopped(audio.item_id)) return;
    answers.audio(audio.item_id, millisecondsIn(audio.delta));
    side?.passAudio(frame);
  }

  function onEvent(event: RelayEvent): void {
    if (event.type === "error" && takeRefusal(event, asking, log)) return;
    if (beside?.see(event)) return;
    if (isHidden(event)) return;
    side?.see(event);
    if (!side) watchUser(event, { turns, replies });
    answers.take(event);
    const passed = withoutStopped(event, guarding.isStopped);
    if (passed) side?.pass(passed);
  }

  function cutAnswer(): void {
    for (const id of asking.active()) send(make.cancelResponse(nameIt("vb_c"), id));
    replies.interrupted();
  }

  function say(text: string): void {
    const eventId = nameIt("vb_s");
    send(make.speech(eventId, speechFor(voice, eventId, text)));
  }

  /** The one way out. `returns`: the client vanished, and may come back to the same call. */
  function finish(reason: EndReason, why?: string, { returns = false } = {}): void {
    if (isOver) return;
    isOver = true;
    parting.close();
    replies.end();
    asking.close();
    tools.close();
    connection.close();
    side?.close(reason, why);
    heard.clear();
    if (returns) journal.interrupt(reason);
    else journal.end(reason);
    resolveEnded(reason);
  }

  budget.watch((reason) => finish(reason, "A limit of the organization is reached"));
  connection.start();
  side?.start();
  void ended.then(() => budget.close());

  return {
    party,
    end: (how: CallEnding) => finish(how.reason, "The session was ended"),
    gone: () => finish("line-lost", undefined, { returns: true }),
    say: (text) => safely(() => say(text)),
    // False, for whoever asks: nothing can be put in here, and nobody can be dialled.
    note: () => false as unknown as void,
    transfer: () => false as unknown as void,
    escalate(request) {
      const { say: words } = guarding.escalate(request);
      if (words !== "") safely(() => say(words));
    },
    draft: journal.draft,
    returns: journal.isInterrupted,
    phase: () => (isOver ? "ended" : replies.leftMs() > 0 ? "speaking" : asking.owes() ? "thinking" : "listening"),
    ended,
  };
}

/** Of base64 of pcm16 at 24 kHz: 48 bytes each. */
const millisecondsIn = (audio: string): number => (audio.length * 3) / 4 / 48;
