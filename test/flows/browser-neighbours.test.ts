// Browsers that misbehave over real sockets, and a neighbour who talks a whole turn meanwhile: one socket that is not read, and others that
// flood, one after the other, until the neighbour was answered.
import { SLOW_BYTES } from "../../src/channels/browser/settings.ts";
import { openBrowser, type BrowserClient, type ClientOptions } from "../support/browser-client.ts";
import { sideBySide, words } from "./kit.ts";

const KEY = "browser-neighbours-key-0123456789abcdef";
const ANSWER = "We are open from Monday to Friday, from eight in the morning until six.";
const LONG = `${ANSWER} `.repeat(4).trim();

test(
  "a socket that is not read and sockets that flood cost their neighbour nothing, and little memory",
  sideBySide(async (start) => {
    const flow = await start({
      speed: 2,
      settings: { API_KEYS: `desk:organization@default:${KEY}` },
      openai: { script: { brain: ({ history }) => (JSON.stringify(history).includes("everything") ? LONG : ANSWER) } },
    });
    const open = (id: string, query = "", options: ClientOptions = {}): Promise<BrowserClient> =>
      openBrowser(`${flow.url.replace("http", "ws")}/ws/voice-agent/${id}${query}`, {
        headers: { authorization: `Bearer ${KEY}` },
        speed: flow.speed,
        ...options,
      });
    const stalled = await open("stalled", "?stream=1&format=pcm", { plays: true });
    await stalled.next("conversation_response");
    stalled.socket.pause();
    stalled.send({ type: "text_input", text: "Tell me everything." });

    const good = await open("good", "?stream=1&format=pcm", { plays: true });
    await good.next("conversation_response");
    let isAnswered = false;
    const floods = (async () => {
      const codes: number[] = [];
      while (!isAnswered || codes.length === 0) {
        const flood = await open(`flood-${codes.length}`, "?stream=1&format=pcm");
        const mark = JSON.stringify({ type: "mark", name: "x".repeat(30) });
        for (let n = 0; n < 3000; n++) flood.raw(mark);
        codes.push((await flood.whenClosed()).code);
      }
      return codes;
    })();
    await good.speak(words("opening-hours").audio);
    good.send({ type: "audio_end" });
    expect(await good.next("transcription")).toMatchObject({ text: words("opening-hours").text });
    const answered = await good.next("conversation_response", 60_000);
    isAnswered = true;
    expect(answered).toMatchObject({ text: ANSWER });
    expect(good.of("audio_delta").some((one) => one["reply_id"] === answered["reply_id"])).toBe(true);
    expect([good.closed, good.of("error"), good.of("response_cut")]).toEqual([undefined, [], []]);
    expect(new Set(await floods)).toEqual(new Set([4429]));

    // The bridge keeps no more than 20 s ahead of an ear: whoever does not read is owed little, and has lost nothing.
    expect(await flow.metric("voice_ws_buffered_bytes", { leg: "browser" })).toBeLessThan(SLOW_BYTES);
    expect(stalled.of("response_delta").filter(({ text }) => LONG.includes(String(text)))).toEqual([]);
    stalled.socket.resume();
    expect(await stalled.next("conversation_response", 120_000)).toMatchObject({ text: LONG });
    for (const client of [stalled, good]) client.close();
  }),
);

test(
  "a socket on which the agent speaks and nobody reads is closed once too much waits for it; its neighbour talks on",
  sideBySide(async (start) => {
    // Some half a minute: 2 MB as a file, of which a network takes the first few.
    const story = `${ANSWER} `.repeat(7).trim();
    const flow = await start({
      speed: 2,
      settings: { API_KEYS: `desk:organization@default:${KEY}` },
      openai: {
        timing: { transcriptMs: 5, replyMs: 5, textDeltaMs: 0, pace: Infinity },
        script: { brain: ({ history }) => (JSON.stringify(history).includes("story") ? story : ANSWER) },
      },
    });
    const open = (id: string, query: string, plays = false): Promise<BrowserClient> =>
      openBrowser(`${flow.url.replace("http", "ws")}/ws/voice-agent/${id}${query}`, {
        headers: { authorization: `Bearer ${KEY}` },
        speed: flow.speed,
        plays,
      });
    const stalled = await open("stalled", "?audio=wav");
    stalled.send({ type: "text_input", text: "Tell me a story." });
    const { audio_base64: file } = await stalled.next("audio_response", 60_000);
    const fileBytes = String(file).length;
    expect(fileBytes).toBeGreaterThan(1_000_000);
    // The socket itself is not read any more: what comes fills the network first, and then our memory.
    stalled.socket.pause();

    const good = await open("good", "?stream=1&format=pcm", true);
    await good.next("conversation_response");
    const asked = good.speak(words("opening-hours").audio);
    for (let n = 0; n < 8; n++) stalled.send({ type: "text_input", text: "Another story." });
    let most = 0;
    const isShown = async (): Promise<boolean> => {
      most = Math.max(most, await flow.metric("voice_ws_buffered_bytes", { leg: "browser" }));
      return (await flow.metric("voice_ws_close_total", { code: "4408" })) > 0;
    };
    const deadline = performance.now() + 60_000;
    while (!(await isShown())) {
      expect(performance.now()).toBeLessThan(deadline);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(most).toBeGreaterThan(1_000_000);
    expect(most).toBeLessThan(SLOW_BYTES + 2 * fileBytes);
    stalled.socket.resume();
    expect(await stalled.whenClosed()).toEqual({ code: 4408, reason: "reads too slowly" });
    const [record] = await flow.app.store.list({ limit: 5, status: "completed" });
    expect(record).toMatchObject({ endReason: "slow-consumer" });

    await asked;
    good.send({ type: "audio_end" });
    const answered = await good.next("conversation_response", 60_000);
    expect(answered).toMatchObject({ text: ANSWER });
    expect(good.of("audio_delta").some((one) => one["reply_id"] === answered["reply_id"])).toBe(true);
    expect([good.closed, good.of("error"), good.of("response_cut")]).toEqual([undefined, [], []]);
    good.close();
  }),
);
