// A long recording, from the disk to either engine's far side: all of it arrives, and the process that hears it holds little of it. The
// far side only counts what comes to it.
import { once } from "node:events";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { WebSocketServer } from "ws";
import { wavHeader } from "../../src/audio/wav.ts";
import { emptyFolder, startChild } from "../support/child.ts";

const MB = 1024 * 1024;
const RATE = 48_000;
const BYTES_A_SECOND = RATE * 4;
const SECONDS = 540;

interface FarSide {
  readonly baseUrl: string;
  /** Bytes of the longest form, and over Realtime the bytes and parts of the longest session. */
  readonly most: { form: number; sound: number; parts: number };
  close(): Promise<void>;
}

/** OpenAI's transcription over both ways, as far as the program needs it; keeps nothing. */
async function startFarSide(): Promise<FarSide> {
  const most = { form: 0, sound: 0, parts: 0 };
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (piece: Buffer) => (bytes += piece.length));
    request.on("end", () => {
      most.form = Math.max(most.form, bytes);
      response.setHeader("content-type", "application/json").end('{"text":"a long story"}');
    });
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => {
    let events = 0;
    let bytes = 0;
    let parts = 0;
    const tell = (event: object): void => socket.send(JSON.stringify({ event_id: `event_${++events}`, ...event }));
    const session = { type: "transcription", id: "sess_1", object: "realtime.transcription_session" };
    tell({ type: "session.created", session });
    socket.on("message", (data: Buffer) => {
      const { type, audio = "" } = JSON.parse(data.toString()) as { readonly type: string; readonly audio?: string };
      if (type === "session.update") tell({ type: "session.updated", session });
      bytes += Buffer.byteLength(audio, "base64");
      if (type !== "input_audio_buffer.commit") return;
      const item_id = `item_${++parts}`;
      tell({ type: "input_audio_buffer.committed", item_id, previous_item_id: null });
      const words = { item_id, content_index: 0, transcript: `part ${parts}` };
      tell({ type: "conversation.item.input_audio_transcription.completed", ...words });
      most.sound = Math.max(most.sound, bytes);
      most.parts = Math.max(most.parts, parts);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    most,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

let farSide: FarSide;
let folder: Awaited<ReturnType<typeof emptyFolder>>;

/** So many seconds of silence: the file has holes and takes no room. */
async function recording(seconds: number): Promise<string> {
  const path = join(folder.path, `${seconds}.wav`);
  const file = await open(path, "w");
  const head = wavHeader(seconds * BYTES_A_SECOND, 2, RATE);
  await file.write(head);
  await file.truncate(head.length + seconds * BYTES_A_SECOND);
  await file.close();
  return path;
}

beforeAll(async () => {
  farSide = await startFarSide();
  folder = await emptyFolder();
});
afterAll(async () => {
  await farSide.close();
  await folder.remove();
});

test.each(["rest", "realtime"] as const)("99 MB are streamed and not held: %s", async (engine) => {
  const child = startChild("test/support/long-file.ts", {
    cwd: folder.path,
    args: [await recording(1), await recording(SECONDS)],
    env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: farSide.baseUrl, STT_ENGINE: engine },
  });
  const [, json = ""] = await child.says(/heard (.*)\n/);
  await child.exited;
  const { text, duration, most } = JSON.parse(json) as {
    readonly text: string;
    readonly duration: number;
    readonly most: { readonly live: number; readonly rss: number };
  };
  expect(duration).toBe(SECONDS);
  if (engine === "rest") {
    expect(farSide.most.form).toBeGreaterThan(SECONDS * BYTES_A_SECOND);
    expect(text).toBe("a long story");
  } else {
    expect(farSide.most.sound).toBe(SECONDS * 48_000);
    expect(text).toBe(Array.from({ length: farSide.most.parts }, (_, part) => `part ${part + 1}`).join(" "));
  }
  expect(most.live / MB).toBeLessThan(40);
  expect(most.rss / MB).toBeLessThan(80);
});
