// A media stream of which every byte is ours: for messages no WebSocket library would send, and to see when the server's close
// came, which a library tells only once its own sending is over.
import { once } from "node:events";
import { request } from "node:http";
import type { Socket } from "node:net";
import twilio from "twilio";
import type { ServiceTarget } from "../phones.ts";

export interface RawStream {
  /** The close frame's code, or 1006 where the connection ended without one. */
  readonly closeCode: Promise<number>;
  /** The connection is over, for us as well. */
  readonly gone: Promise<void>;
  /** Sends bytes as they are; resolves when more may follow, and false once it is over. */
  write(bytes: Uint8Array): Promise<boolean>;
}

/** Opens a stream as Twilio does; nothing is sent yet. */
export async function openRaw({ url, authToken }: ServiceTarget): Promise<RawStream> {
  const stream = `${url.replace("http", "ws")}/media-stream`;
  const asked = request(`${url}/media-stream`, {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Key": Buffer.alloc(16).toString("base64"),
      "Sec-WebSocket-Version": "13",
      "x-twilio-signature": twilio.getExpectedTwilioSignature(authToken, stream, {}),
    },
  });
  asked.end();
  const [, socket] = (await once(asked, "upgrade")) as [unknown, Socket];
  socket.on("error", () => undefined);
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const closeCode = new Promise<number>((resolve) => {
    let seen = Buffer.alloc(0);
    socket.on("data", (data: Buffer) => {
      seen = Buffer.concat([seen, data]);
      const code = closeCodeIn(seen);
      if (code !== undefined) resolve(code);
    });
    void gone.then(() => resolve(1006));
  });
  return {
    closeCode,
    gone,
    async write(bytes) {
      if (!socket.writable) return false;
      if (!socket.write(bytes)) await Promise.race([once(socket, "drain").catch(() => undefined), gone]);
      return socket.writable;
    },
  };
}

/** The code of the first close frame among whole frames of a server, which masks nothing. */
function closeCodeIn(bytes: Buffer): number | undefined {
  let at = 0;
  while (at + 2 <= bytes.length) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + head > bytes.length) return undefined;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (at + head + length > bytes.length) return undefined;
    if (((bytes[at] ?? 0) & 0x0f) === 8) return length < 2 ? 1005 : bytes.readUInt16BE(at + head);
    at += head + length;
  }
  return undefined;
}

/** The head of a client's frame. Its mask is all zeros, so that the payload stands as it is. */
export function frameHead(length: number, opcode = 1, fin = true): Buffer {
  const first = (fin ? 0x80 : 0) | opcode;
  if (length < 126) return Buffer.from([first, 0x80 | length, 0, 0, 0, 0]);
  const head = Buffer.alloc(14);
  head[0] = first;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([frameHead(payload.length), payload]);
}
