/**
 * /v1/audio/transcriptions and /v1/audio/speech. What a file says comes from the script; what is spoken is made by the
 * simulator's voice, as real mp3, wav or pcm. Opus, AAC and FLAC are refused: nothing here encodes them.
 */
import { createEncoder } from "../../../audio/encode.ts";
import { pcmBytes } from "../../../audio/pcm.ts";
import { writeWav } from "../../../audio/wav.ts";
import {
  Refusal,
  decimal,
  oneOf,
  shape,
  text,
  textOr,
  invalidValue,
  missingParameter,
  unknownParameter,
} from "../check.ts";
import type { Call, Route } from "./http.ts";
import type { Env } from "./index.ts";
import { requireModel } from "./models.ts";
import { FILE_RATE, openFile } from "./audio-files.ts";
import { readForm } from "./multipart.ts";

const FIELDS = [
  "model",
  "language",
  "languages[]",
  "keywords[]",
  "prompt",
  "response_format",
  "stream",
  "chunking_strategy",
  "include[]",
  "temperature",
  "timestamp_granularities[]",
];

const VOICES = [
  "alloy",
  "ash",
  "ballad",
  "coral",
  "echo",
  "fable",
  "onyx",
  "nova",
  "sage",
  "shimmer",
  "verse",
  "marin",
  "cedar",
];
const FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"];
const RATE = 24000;

const checkSpeech = shape(
  {
    model: text(),
    input: text({ max: 4096 }),
    voice: textOr(oneOf(...VOICES), shape({ id: text() }, ["id"])),
    instructions: text(),
    response_format: oneOf(...FORMATS),
    speed: decimal({ min: 0.25, max: 4 }),
    stream_format: oneOf("audio", "sse"),
  },
  ["model", "input", "voice"],
);

async function transcribe(env: Env, call: Call): Promise<void> {
  const { fields, files } = readForm(call.raw, call.request.headers["content-type"]);
  for (const name of fields.keys()) if (!FIELDS.includes(name)) throw unknownParameter(name);
  const one = (name: string) => fields.get(name)?.at(-1);
  const file = files.get("file");
  if (!file) throw missingParameter("file");
  const asked = one("model");
  if (asked === undefined) throw missingParameter("model");
  const model = requireModel(env, asked, ["transcription"]).id;
  call.request.body = Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length > 1 ? values : values[0]]),
  );
  const formats = model === "whisper-1" ? ["json", "text", "srt", "verbose_json", "vtt"] : ["json", "text"];
  const format = one("response_format") ?? "json";
  if (!formats.includes(format)) throw invalidValue("response_format", format, formats);
  const { seconds: length, audio } = await openFile(file);
  const given = { name: file.name, bytes: file.bytes, model, ...(audio && { audio, rate: FILE_RATE }) };
  const heard = (await env.shared.script.hearFile?.(given)) ?? "";
  const secondsBilled = Math.ceil(length ?? file.bytes.length / 16_000);
  const output = Math.ceil(heard.length / 4);
  const usage =
    model === "whisper-1"
      ? { type: "duration", seconds: secondsBilled }
      : {
          type: "tokens",
          input_tokens: secondsBilled * 10,
          input_token_details: { text_tokens: 0, audio_tokens: secondsBilled * 10 },
          output_tokens: output,
          total_tokens: secondsBilled * 10 + output,
        };
  // whisper-1 takes `stream` and ignores it.
  if (one("stream") === "true" && model !== "whisper-1") {
    const sse = call.sse();
    for (const delta of heard.match(/\s*\S+/g) ?? []) {
      if (!(await call.wait(env.shared.timing.textDeltaMs))) return;
      sse.send({ type: "transcript.text.delta", delta }, "transcript.text.delta");
    }
    sse.send({ type: "transcript.text.done", text: heard, usage }, "transcript.text.done");
    return sse.end();
  }
  if (format === "json") return call.json({ text: heard, usage });
  if (format === "verbose_json") {
    const segments = [{ id: 0, seek: 0, start: 0, end: length ?? 0, text: heard, tokens: [], temperature: 0 }];
    return call.json({ task: "transcribe", language: "english", duration: length ?? 0, text: heard, segments, usage });
  }
  const end = new Date((length ?? 0) * 1000).toISOString().slice(11, 23);
  const shown = {
    text: `${heard}\n`,
    srt: `1\n00:00:00,000 --> ${end.replace(".", ",")}\n${heard}\n\n`,
    vtt: `WEBVTT\n\n00:00:00.000 --> ${end}\n${heard}\n\n`,
  };
  call.bytes([Buffer.from(shown[format as keyof typeof shown])], "text/plain; charset=utf-8");
}

/** Cuts bytes into pieces of odd length, as a chunked answer has them, so that a client must carry half a sample. */
function oddPieces(env: Env, bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = env.chance.between(500, 4000) * 2 + 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const ENCODED: Readonly<Record<string, { type: string; make: (samples: Int16Array) => Promise<Uint8Array> }>> = {
  pcm: { type: "audio/pcm", make: async (samples) => pcmBytes(samples) },
  wav: { type: "audio/wav", make: async (samples) => writeWav([samples], RATE) },
  mp3: {
    type: "audio/mpeg",
    async make(samples) {
      const encoder = await createEncoder("mp3");
      return Buffer.concat([encoder.push(samples), encoder.end()]);
    },
  },
};

async function speak(env: Env, call: Call): Promise<void> {
  checkSpeech(call.body, "");
  const { model: asked, input, voice, speed, stream_format } = call.body as Record<string, string> & { speed?: number };
  const model = requireModel(env, asked, ["speech"]).id;
  const older = model.startsWith("tts-1");
  for (const [param, given] of [
    ["instructions", call.body["instructions"]],
    ["stream_format", stream_format === "sse" ? stream_format : undefined],
  ] as const) {
    if (older && given !== undefined) {
      throw new Refusal(
        "unsupported_parameter",
        `Unsupported parameter: '${param}' is not supported with this model.`,
        { param },
      );
    }
  }
  const format = (call.body["response_format"] ?? "mp3") as string;
  const encode = ENCODED[format];
  if (!encode) {
    throw new Refusal(null, `The simulator makes mp3, wav and pcm only, not ${format}.`, { param: "response_format" });
  }
  const samples = await env.shared.synthesize(input ?? "", {
    voice: typeof voice === "string" ? voice : "marin",
    rate: RATE,
    speed: speed ?? 1,
  });
  const bytes = await encode.make(samples);
  if (stream_format !== "sse") return call.bytes(oddPieces(env, bytes), encode.type);
  const sse = call.sse();
  for (const piece of oddPieces(env, bytes)) {
    sse.send({ type: "speech.audio.delta", audio: Buffer.from(piece).toString("base64") });
  }
  const tokens = {
    input_tokens: Math.ceil((input ?? "").length / 4),
    output_tokens: Math.ceil(samples.length / RATE) * 20,
  };
  sse.send({
    type: "speech.audio.done",
    usage: { ...tokens, total_tokens: tokens.input_tokens + tokens.output_tokens },
  });
  sse.end();
}

export function audioRoutes(env: Env): Route[] {
  return [
    { method: "POST", pattern: "/v1/audio/transcriptions", form: true, handle: (call) => transcribe(env, call) },
    { method: "POST", pattern: "/v1/audio/speech", handle: (call) => speak(env, call) },
  ];
}
