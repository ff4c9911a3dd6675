// Metrics: prom-client behind the core's port. Every metric is declared here with its help text and its labels; asking for
// another one is a programming error that fails the test which asks for it. No label holds a call id, a number or free text.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Meter } from "../core/observe.ts";

const LATENCY = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20];
const INSTANT = [0.001, 0.002, 0.005, 0.01, 0.02, 0.06, 0.1, 0.25, 0.5, 1];
const SETUP = [...INSTANT, 2, 5, 15];
const RELAY = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05];
const LENGTH = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];
const LOOP_SAMPLE_MS = 20;
const RATIO = [0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 1];

const COUNTERS: Readonly<Record<string, readonly [help: string, ...labels: string[]]>> = {
  voice_calls_started_total: ["Calls whose stream was accepted.", "direction", "channel"],
  voice_calls_resumed_total: ["Calls that went on with another stream, by what the first was lost of.", "cause"],
  voice_calls_ended_total: ["Calls that ended, by their one recorded reason.", "reason", "result"],
  voice_calls_not_torn_down_total: ["Sockets that had to be cut because the far side ignored our close.", "leg"],
  voice_admission_rejected_total: ["Calls that were answered with the busy message.", "cause"],
  voice_cost_usd_total: ["What calls cost, where PRICES_FILE is in USD.", "kind"],
  voice_cost_total: ["What calls cost, where PRICES_FILE is in another currency.", "kind", "currency"],
  voice_auth_failures_total: ["Requests and upgrades refused for a bad or missing signature, token or key.", "surface"],
  voice_rate_limited_total: ["Requests turned away because too many came.", "surface"],
  voice_webhook_duplicates_total: ["Webhooks that came more than once."],
  voice_protocol_violations_total: ["Messages of the carrier that break its own rules.", "kind"],
  voice_bad_frames_total: ["Messages of the carrier that could not be read.", "kind"],
  voice_unknown_events_total: ["Events of a kind we do not know.", "leg"],
  voice_stream_errors_total: ["Stream errors the carrier reported.", "code"],
  voice_start_timeouts_total: ["Streams that never sent start."],
  voice_half_open_total: ["Streams ended because no media came."],
  voice_ws_close_total: ["Media sockets closed, by code.", "code"],
  voice_twilio_api_errors_total: ["Failed requests to the carrier's REST API.", "code"],
  voice_frames_total: ["Audio frames.", "leg", "direction"],
  voice_frames_dropped_total: ["Audio frames given up.", "leg", "cause"],
  voice_media_gap_ms_total: ["Milliseconds of silence put in for missing caller audio."],
  voice_assistant_refused_total: ["Events of the assistant's clients that were not taken.", "code"],
  voice_sideband_gaps_total: ["Conversations found to have gone on while no sideband was there.", "last"],
  voice_upstream_connects_total: ["Attempts to open a voice session.", "result"],
  voice_upstream_reconnects_total: ["Voices lost in a call and opened anew.", "reason"],
  voice_upstream_errors_total: ["Errors of the voice API.", "code"],
  voice_upstream_stall_total: ["Speech that was asked for and did not come."],
  voice_speech_failures_total: ["Sentences the voice could not speak.", "code"],
  voice_internal_errors_total: ["Defects of ours that a call survived."],
  voice_thread_replies_total: ["Replies asked of the assistant.", "client", "result"],
  voice_thread_repairs_total: ["Threads mended after a cancelled reply.", "client", "result"],
  voice_thread_tokens_total: ["Tokens of the assistant.", "client", "kind"],
  voice_tool_calls_total: ["Tool calls.", "tool", "result"],
  voice_guard_verdicts_total: ["What the guard made of turns and replies, passes left out.", "verdict", "by"],
  voice_escalation_outcomes_total: ["What became of dialling a human for an escalation.", "outcome"],
  voice_outbound_refused_total: ["Calls that were asked for and not placed.", "cause"],
  voice_outbound_answers_total: ["Who answered calls that we placed.", "by"],
  voice_escalations_total: ["Calls for a human.", "trigger", "urgency"],
  voice_recordings_total: ["Calls that were to be recorded, by what became of it.", "result"],
  voice_recording_bytes_total: ["Bytes of recordings written."],
  voice_store_dropped_rows_total: ["Rows of call records that could neither be written nor kept.", "cause"],
};

const GAUGES: Readonly<Record<string, readonly [help: string, ...labels: string[]]>> = {
  voice_calls_active: ["Calls whose stream is open.", "direction", "channel"],
  voice_mcp_server_up: ["1 while an MCP server is connected.", "server"],
  voice_sockets_active: ["Calls of browsers whose sound comes here."],
  voice_ws_buffered_bytes: ["Bytes written to sockets and not yet taken by the network.", "leg"],
  voice_recordings_active: ["Calls that are being recorded, or wait for the caller's consent."],
  voice_db_up: ["1 while the database takes what is written, 0 while rows are spooled."],
  voice_disk_free_ratio: [
    "Free part of the disk that is written to, 0 to 1; below 0.15 it is told in the log.",
    "disk",
  ],
  voice_spool_rows: ["Rows on disk that wait for the database."],
  voice_redis_up: ["1 while the shared state in Redis can be reached; absent without Redis."],
  voice_draining: ["1 while the server takes no new calls and waits for the live ones."],
};

const HISTOGRAMS: Readonly<Record<string, readonly [help: string, buckets: readonly number[], ...labels: string[]]>> = {
  voice_call_duration_seconds: ["Length of calls.", LENGTH],
  voice_call_setup_seconds: [
    "Time to set a call up: stream (TwiML given to token accepted), token (start to token accepted), first-audio and voice (from there to the greeting's first sound and to a ready voice).",
    SETUP,
    "stage",
  ],
  voice_relay_delay_seconds: [
    "From audio read to its writing on the other side, in (to the voice) and out (to the caller); about one in fifty is timed.",
    RELAY,
    "direction",
  ],
  voice_turn_latency_seconds: ["From the end of the caller's speech to the first audio of the answer.", LATENCY],
  voice_first_audio_seconds: ["From the stream's start to the first audio of the greeting.", INSTANT],
  voice_bargein_stop_seconds: ["From speech over our words to a quiet line.", INSTANT],
  voice_silence_gap_seconds: ["Turns whose answer was late.", LATENCY],
  voice_speech_divergence_ratio: ["Word error rate of spoken sentences, for those that differ at all.", RATIO],
  voice_thread_first_text_seconds: ["From a request to the assistant to its first text.", LATENCY, "client"],
  voice_tool_duration_seconds: ["Time tools took.", LATENCY, "tool"],
};

export interface Metrics extends Meter {
  /** The text a Prometheus server reads. */
  render(): Promise<string>;
  readonly contentType: string;
  close(): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, [help, ...labelNames]] of Object.entries(COUNTERS))
    counters.set(name, new Counter({ name, help, labelNames, registers }));
  for (const [name, [help, ...labelNames]] of Object.entries(GAUGES))
    gauges.set(name, new Gauge({ name, help, labelNames, registers }));
  for (const [name, [help, buckets, ...labelNames]] of Object.entries(HISTOGRAMS))
    histograms.set(name, new Histogram({ name, help, buckets: [...buckets], labelNames, registers }));

  const delay = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
  delay.enable();
  const lag: Gauge = new Gauge({
    name: "nodejs_eventloop_lag_p99_seconds",
    help: "99th percentile of the event loop's delay since the last reading.",
    registers,
    collect() {
      // Node tells the time between two looks, which is never less than it was asked to wait.
      lag.set(Math.max(0, delay.percentile(99) / 1e6 - LOOP_SAMPLE_MS) / 1000);
      delay.reset();
    },
  });
  const memory: Gauge = new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory.",
    registers,
    collect() {
      memory.set(process.memoryUsage.rss());
    },
  });

  return {
    count: (name, labels = {}, by = 1) => known(counters, name).inc(labels, by),
    gauge: (name, value, labels = {}) => known(gauges, name).set(labels, value),
    observe: (name, value, labels = {}) => known(histograms, name).observe(labels, value),
    render: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => delay.disable(),
  };
}

function known<Metric>(metrics: ReadonlyMap<string, Metric>, name: string): Metric {
  const metric = metrics.get(name);
  if (!metric) throw new Error(`There is no metric ${name}: declare it in observe/metrics.ts`);
  return metric;
}
