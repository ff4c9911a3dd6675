// When Twilio does not ask what comes after a stream that we closed, it is told over REST; when it asks, it is not.
import { createBook } from "../../../src/channels/phone/book.ts";
import { createSecondWay, HANG_UP } from "../../../src/channels/phone/second-way.ts";
import { keptLog } from "../../http/support.ts";
import { manualClock, newCallSid } from "./support.ts";

const DOCUMENT = "<Response><Dial>+15550003333</Dial></Response>";

function setup(document: string | undefined, redirectFails = false) {
  const clock = manualClock();
  const book = createBook();
  const log = keptLog();
  const done: string[] = [];
  const way = createSecondWay({
    book,
    clock,
    log,
    patienceMs: 3000,
    api: {
      hangUp: async (call) => void done.push(`hang up ${call}`),
      redirect: async (call, twiml) => {
        if (redirectFails) throw new Error("refused");
        done.push(`redirect ${call} ${twiml}`);
      },
    },
    documentFor: async () => document,
  });
  return { clock, book, log, done, way };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

test("a call that nobody asks about is hung up, once, after the patience", async () => {
  const { clock, done, way } = setup(HANG_UP);
  const call = newCallSid();
  way.expect(call);
  clock.advance(2999);
  await settle();
  expect(done).toEqual([]);
  clock.advance(1);
  await settle();
  expect(done).toEqual([`hang up ${call}`]);
  clock.advance(60_000);
  await settle();
  expect(done).toHaveLength(1);
});

test("a transfer is brought to the call as its document", async () => {
  const { clock, done, way } = setup(DOCUMENT);
  const call = newCallSid();
  way.expect(call);
  clock.advance(3000);
  await settle();
  expect(done).toEqual([`redirect ${call} ${DOCUMENT}`]);
});

test("a call that was asked about, or of which nothing is known, is left alone", async () => {
  const asked = setup(HANG_UP);
  const call = newCallSid();
  asked.way.expect(call);
  asked.way.settled(call);
  asked.clock.advance(60_000);
  await settle();
  expect(asked.done).toEqual([]);
  expect(asked.clock.waiting()).toBe(0);

  const unknown = setup(undefined);
  unknown.way.expect(newCallSid());
  unknown.clock.advance(60_000);
  await settle();
  expect(unknown.done).toEqual([]);
});

test("closing the channel cancels the wait; a failed redirect is told and hurts nobody", async () => {
  const closed = setup(HANG_UP);
  closed.way.expect(newCallSid());
  closed.book.close();
  closed.clock.advance(60_000);
  await settle();
  expect(closed.done).toEqual([]);

  const failing = setup(DOCUMENT, true);
  failing.way.expect(newCallSid());
  failing.clock.advance(3000);
  await settle();
  expect(failing.log.lines.some(({ level }) => level === "error")).toBe(true);
});
