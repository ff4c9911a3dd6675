// How long the far side may be silent while it speaks over REST: that is counted while it is waited for, and not while whoever listens takes
// their time with what came.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createRestSynthesizer } from "../../src/speech/rest-speech.ts";
import { manualClock } from "../support/clock.ts";
import { keptLog } from "../support/observe.ts";
import { until } from "../support/until.ts";

const PIECE = Buffer.alloc(4096, 7);

let closing: (() => void) | undefined;
afterEach(() => closing?.());

async function farSide() {
  const answers: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "audio/mpeg" });
      response.write(PIECE);
      answers.push(response);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing = () => (server.closeAllConnections(), server.close());
  const clock = manualClock();
  const { port } = server.address() as AddressInfo;
  const log = keptLog();
  const options = { apiKey: "sk", baseUrl: `http://127.0.0.1:${port}/v1`, model: "m", voice: "ash", clock, log };
  const spoken = createRestSynthesizer(options).speak(
    { text: "One moment.", format: "mp3" },
    new AbortController().signal,
  );
  const sound = spoken[Symbol.asyncIterator]();
  return {
    clock,
    sound,
    more: () => void answers[0]?.write(PIECE),
    end: () => void answers[0]?.end(),
    isCut: () => answers[0]?.destroyed === true,
  };
}

const bytes = ({ value }: IteratorResult<Uint8Array>): number => value?.length ?? 0;

test("whoever listens may take a minute over each piece", async () => {
  const far = await farSide();
  let heard = bytes(await far.sound.next());
  for (let piece = 0; piece < 3; piece++) {
    expect(far.clock.pending).toBe(0);
    far.clock.advance(60_000);
    far.more();
    heard += bytes(await far.sound.next());
  }
  far.clock.advance(60_000);
  far.end();
  for (let one = await far.sound.next(); one.done !== true; one = await far.sound.next()) heard += bytes(one);
  expect(heard).toBe(4 * PIECE.length);
  expect(far.clock.pending).toBe(0);
});

test("a far side that falls silent in the middle is given up, and let go of", async () => {
  const far = await farSide();
  await far.sound.next();
  const next = far.sound.next();
  await until("it is waited for", () => far.clock.pending === 1);
  far.clock.advance(20_000);
  await expect(next).rejects.toMatchObject({ code: "timeout" });
  await until("its connection is cut", far.isCut);
  expect(far.clock.pending).toBe(0);
});
