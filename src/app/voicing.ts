// What all calls share of the far side that speaks and thinks: the voices, the clips rendered by them, the thread clients.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createEmbedder,
  createFactFinder,
  createKeepAliveFetch,
  createTextModel,
  createThreadClient,
} from "../assistants/index.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { Embedder, FactFinder } from "../core/memory.ts";
import type { TextModel } from "../core/text-model.ts";
import type { ThreadClient } from "../core/thread.ts";
import { createClips, type Clips } from "../speech/clips.ts";
import { createRealtimeVoices, type RealtimeVoices } from "../speech/realtime-voice.ts";
import { renderSpeech } from "../speech/render-speech.ts";
import { createRecent } from "./recent.ts";
import { voiceSettings } from "./settings.ts";
import { createSpeechEngines, type SpeechEngines } from "./speech-desk.ts";

export type ThreadChoice = Pick<Config, "THREAD_CLIENT" | "ASSISTANT_MODEL" | "AGENT_WORKFLOW_ID">;

export interface Voicing {
  readonly voices: RealtimeVoices;
  readonly clips: Clips;
  /** The same client for the same choice: its connections are kept, and the histories it keeps itself. */
  threadClient(choice: ThreadChoice): ThreadClient;
  /** Absent without a key. */
  readonly textModel?: TextModel;
  /** Speech that is no call; absent without a key. */
  readonly speech: SpeechEngines | undefined;
  /** Absent without a key, or where it is switched off. */
  readonly embedder: Embedder | undefined;
  /** Absent without a key. */
  readonly factFinder: FactFinder | undefined;
  close(): Promise<void>;
}

const ASSETS = fileURLToPath(new URL("../../assets/clips", import.meta.url));
/** Shorter than a request may take in all, so that the failure can still be told. */
const TEXT_TIMEOUT_MS = 20_000;
/** Nobody waits for it longer than for a breath: see memory_add. */
const FACTS_TIMEOUT_MS = 25_000;
const EMBEDDING_TIMEOUT_MS = 10_000;
const NO_EMBEDDINGS = "none";
/** Models and assistants that organizations can choose are countless; those in use are few. */
const MOST_CLIENTS = 100;

export function createVoicing(
  config: Config,
  { log, meter, clock }: { readonly log: Log; readonly meter: Meter; readonly clock: Clock },
): Voicing {
  const shared = { apiKey: config.OPENAI_API_KEY ?? "", baseUrl: config.OPENAI_BASE_URL, log, meter, clock };
  const voices = createRealtimeVoices(shared);
  const clips = createClips({
    dir: join(config.DATA_DIR, "clips"),
    builtInDir: ASSETS,
    log,
    clock,
    // A caller is worth more than a recording of the next one's greeting.
    mayRender: () => !voices.isLimited(),
    render(text, { name, model, speed }, signal) {
      const spoken: Config = {
        ...config,
        VOICE: name,
        REALTIME_MODEL: model,
        VOICE_SPEED: speed,
        VOICE_MODE: "assistant",
      };
      return renderSpeech(voices.with(voiceSettings(spoken, "", [])), text, signal);
    },
  });
  const fetch = createKeepAliveFetch(clock);
  const clients = createRecent<ThreadClient>(MOST_CLIENTS);

  const textModel =
    config.OPENAI_API_KEY === undefined
      ? undefined
      : createTextModel({
          ...shared,
          fetch,
          model: config.ASK_MODEL ?? config.ASSISTANT_MODEL,
          temperature: 0.7,
          maxOutputTokens: 200,
          timeoutMs: TEXT_TIMEOUT_MS,
        });

  const hasKey = config.OPENAI_API_KEY !== undefined;
  const remembering = { ...shared, fetch };

  return {
    voices,
    clips,
    embedder:
      hasKey && config.EMBEDDING_MODEL !== NO_EMBEDDINGS
        ? createEmbedder({ ...remembering, model: config.EMBEDDING_MODEL, timeoutMs: EMBEDDING_TIMEOUT_MS })
        : undefined,
    factFinder: hasKey
      ? createFactFinder({
          ...remembering,
          model: config.MEMORY_MODEL ?? config.ASSISTANT_MODEL,
          timeoutMs: FACTS_TIMEOUT_MS,
        })
      : undefined,
    ...(textModel && { textModel }),
    speech: createSpeechEngines(config, shared),
    threadClient({ THREAD_CLIENT: client, ASSISTANT_MODEL: model, AGENT_WORKFLOW_ID: assistantId }) {
      return clients.get(JSON.stringify([client, model, assistantId]), () =>
        createThreadClient({
          ...shared,
          fetch,
          client,
          model,
          timeoutMs: config.THREAD_TIMEOUT_MS,
          threadPer: config.THREAD_PER,
          ...(assistantId !== undefined && { assistantId }),
        }),
      );
    },
    async close() {
      voices.close();
      await clips.close();
    },
  };
}
