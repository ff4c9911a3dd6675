// The floor: the smallest relay that can be written with ws. For each call one socket in and one socket out; the payload is
// sliced out of every message and sent on, both ways, and nothing else is done. What a service costs beyond this is its own.
import { WebSocket, WebSocketServer } from "ws";

const UPSTREAM = process.argv[2] ?? "";
const OUT_OF_TWILIO = '"payload":"';
const OUT_OF_OPENAI = '"delta":"';

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("listening", () => process.send?.(server.address()));
server.on("connection", (phone) => {
  const model = new WebSocket(UPSTREAM, { perMessageDeflate: false });
  let before = "";
  phone.on("message", (data: Buffer) => {
    const text = data.toString("latin1");
    const at = text.indexOf(OUT_OF_TWILIO);
    if (at < 0) {
      const sid = /"streamSid":"(\w+)"/.exec(text)?.[1];
      if (sid) before = `{"event":"media","streamSid":"${sid}","media":{"payload":"`;
      return;
    }
    const from = at + OUT_OF_TWILIO.length;
    if (model.readyState === WebSocket.OPEN)
      model.send(`{"type":"input_audio_buffer.append","audio":"${text.slice(from, text.indexOf('"', from))}"}`);
  });
  model.on("message", (data: Buffer) => {
    const text = data.toString("latin1");
    if (!text.startsWith('{"type":"response.output_audio.delta"')) return;
    const from = text.indexOf(OUT_OF_OPENAI) + OUT_OF_OPENAI.length;
    phone.send(`${before}${text.slice(from, text.indexOf('"', from))}"}}`);
  });
  phone.on("close", () => model.close());
  model.on("close", () => phone.close());
});
process.on("disconnect", () => process.exit(0));
