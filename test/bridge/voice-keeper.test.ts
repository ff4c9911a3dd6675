// What a successor of a lost voice is given to hear, frame by frame, and when the caller is told or given up on.
import { createVoiceKeeper } from "../../src/bridge/voice-keeper.ts";
import type { Voice, VoiceEvent } from "../../src/core/voice.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

const frame = (number: number): string => {
  const audio = Buffer.alloc(160);
  audio.writeUInt32BE(number);
  return audio.toString("base64");
};
const numberOf = (payload: string): number => Buffer.from(payload, "base64").readUInt32BE();

function setup({ early = false } = {}) {
  const time = createVirtualTime();
  const said: string[] = [];
  const voices: { heard: number[]; emit: (event: VoiceEvent) => void; closed: boolean }[] = [];
  let openSince: number | undefined;
  let moment = true;
  function open(): Voice {
    const entry: (typeof voices)[number] = { heard: [], emit: () => {}, closed: false };
    voices.push(entry);
    const nothing = (): void => {};
    return {
      attach: (listener) => void (entry.emit = listener),
      hear: (payload) => void entry.heard.push(numberOf(payload)),
      say: nothing,
      cancel: nothing,
      truncate: nothing,
      respond: nothing,
      tell: nothing,
      answerTool: nothing,
      close: () => void (entry.closed = true),
    };
  }
  const keeper = createVoiceKeeper({
    engine: { open, close: () => {} },
    callId: "c",
    carrierId: "CA",
    early: early ? open() : undefined,
    history: () => [],
    now: () => time.now(),
    after: (ms, fn) => time.clock.after(ms, fn),
    post(event) {
      if (event.type === "voice.ready" || event.type === "voice.closed") keeper.take(event);
    },
    wayFor: () => undefined,
    openSince: () => openSince,
    onReady: (_voice, again) => void said.push(`${time.now() - 1000} ready${again ? " again" : ""}`),
    onLost: (code) => void said.push(`${time.now() - 1000} lost ${code}`),
    onWaiting(again) {
      said.push(`${time.now() - 1000} waiting${again ? " again" : ""}`);
      return moment;
    },
    onHopeless: (code, leftMs) => void said.push(`${time.now() - 1000} hopeless ${code} ${leftMs}`),
  });
  let last = 0;
  return {
    time,
    keeper,
    voices,
    said,
    /** Frames numbered on, 20 ms apart. */
    speak: async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        await time.run(20);
        keeper.hear(frame(last++));
      }
    },
    open: (ms: number | undefined) => void (openSince = ms),
    notNow: (no: boolean) => void (moment = !no),
    ready: (index: number) => voices[index]?.emit({ type: "voice.ready" }),
    lose: (index: number, fatal = false) => voices[index]?.emit({ type: "voice.closed", code: "1006", fatal }),
  };
}

const from = (first: number, to: number): number[] => Array.from({ length: to - first }, (_, index) => first + index);

describe("frames", () => {
  test("go to the voice as they come, ready or not", async () => {
    const { keeper, voices, speak, ready } = setup();
    keeper.start();
    await speak(10);
    ready(0);
    await speak(10);
    expect(voices[0]?.heard).toEqual(from(0, 20));
  });

  test("nobody was ready for are all repeated, up to 30 s of them", async () => {
    const { keeper, voices, speak, lose } = setup();
    keeper.start();
    for (let index = 0; index < 2000; index++) keeper.hear(frame(index));
    lose(0);
    await speak(0);
    expect(voices[1]?.heard.length).toBeGreaterThanOrEqual(1500);
    expect(voices[1]?.heard.length).toBeLessThanOrEqual(1525);
    expect(voices[1]?.heard.at(-1)).toBe(1999);
  });

  test("of a quiet caller are repeated for the last half second only", async () => {
    const { keeper, voices, speak, ready, lose } = setup();
    keeper.start();
    ready(0);
    await speak(400);
    lose(0);
    expect(voices[1]?.heard).toEqual(from(375, 400));
    await speak(3);
    expect(voices[1]?.heard.at(-1)).toBe(402);
  });

  test("are repeated from half a second before the words that are open", async () => {
    const { keeper, voices, speak, ready, lose, open } = setup();
    keeper.start();
    ready(0);
    await speak(300);
    open(300 * 20);
    await speak(200);
    lose(0);
    expect(voices[1]?.heard[0]).toBeGreaterThanOrEqual(273);
    expect(voices[1]?.heard[0]).toBeLessThanOrEqual(276);
    expect(voices[1]?.heard.at(-1)).toBe(499);
  });

  test("of words that are known are not repeated, though they are still kept", async () => {
    const { keeper, voices, speak, ready, lose, open } = setup();
    keeper.start();
    ready(0);
    await speak(100);
    open(100 * 20);
    await speak(150);
    // The first words are known now; others began meanwhile.
    open(240 * 20);
    await speak(20);
    lose(0);
    expect(voices[1]?.heard[0]).toBeGreaterThanOrEqual(213);
    expect(voices[1]?.heard[0]).toBeLessThanOrEqual(216);
  });

  test("are counted anew for the successor, whose audio begins with what was repeated", async () => {
    const { keeper, voices, time, speak, ready, lose, open } = setup();
    keeper.start();
    ready(0);
    await speak(400);
    lose(0);
    ready(1);
    await time.run(25_000);
    await speak(65);
    open(90 * 20);
    await speak(100);
    lose(1);
    // The second voice heard 25 old frames first: its 90th is number 400 - 25 + 90.
    expect(voices[2]?.heard[0]).toBeGreaterThanOrEqual(438);
    expect(voices[2]?.heard[0]).toBeLessThanOrEqual(441);
  });

  test("of very long speech are kept to 15 s", async () => {
    const { keeper, voices, speak, ready, lose, open } = setup();
    keeper.start();
    ready(0);
    await speak(60);
    open(60 * 20);
    await speak(3000);
    lose(0);
    expect(voices[1]?.heard.length).toBeGreaterThanOrEqual(750);
    expect(voices[1]?.heard.length).toBeLessThanOrEqual(800);
  });

  test("after the end go nowhere", async () => {
    const { keeper, voices, speak } = setup();
    keeper.start();
    keeper.close();
    await speak(5);
    expect(voices[0]).toMatchObject({ heard: [], closed: true });
  });
});

describe("the wait", () => {
  test("is told at 1.5 s and over at 4 s", async () => {
    const { time, keeper, said, voices } = setup();
    keeper.start();
    await time.run(10_000);
    expect(said).toEqual(["1500 waiting", "4000 hopeless voice-timeout 0"]);
    expect(voices[0]?.closed).toBe(true);
    expect(time.pending()).toBe(0);
  });
  test("is told later when it was not the moment", async () => {
    const { time, keeper, said, notNow } = setup();
    notNow(true);
    keeper.start();
    await time.run(2000);
    notNow(false);
    await time.run(1500);
    expect(said).toEqual(["1500 waiting", "1800 waiting", "2100 waiting"]);
  });
  test("ends when the voice is ready, also one that was ready before", async () => {
    const { time, keeper, said, ready } = setup({ early: true });
    keeper.start();
    ready(0);
    ready(0);
    await time.run(10_000);
    expect(said).toEqual(["0 ready"]);
    expect(keeper.isReady()).toBe(true);
  });
  test("counts over both tries", async () => {
    const { time, keeper, said, lose } = setup();
    keeper.start();
    await time.run(3000);
    lose(0);
    await time.run(10_000);
    expect(said).toEqual(["1500 waiting", "3000 lost 1006", "4000 hopeless voice-timeout 0"]);
  });
  test("is hopeless at once when it is, with the time that is left", async () => {
    const { time, keeper, said, lose, voices } = setup();
    keeper.start();
    await time.run(700);
    lose(0, true);
    lose(0);
    await time.run(10_000);
    expect(said).toEqual(["700 hopeless 1006 3300"]);
    expect(voices).toHaveLength(1);
  });
  test("of a voice that is lost begins with the loss", async () => {
    const { time, keeper, said, ready, lose } = setup();
    keeper.start();
    ready(0);
    await time.run(60_000);
    lose(0);
    await time.run(1000);
    ready(1);
    await time.run(10_000);
    lose(1);
    expect(said).toEqual(["0 ready", "60000 lost 1006", "61000 ready again", "71000 hopeless 1006 4000"]);
  });
});

test("events of a voice that was replaced mean nothing", async () => {
  const { time, keeper, said, ready, lose } = setup();
  keeper.start();
  ready(0);
  lose(0);
  ready(0);
  lose(0);
  await time.run(100);
  expect(said).toEqual(["0 ready", "0 lost 1006"]);
});
