import { createFeed } from "../../src/assistants/feed.ts";

async function readAll<T>(events: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const event of events) read.push(event);
  return read;
}

test("gives everything in order, whenever it is read", async () => {
  const feed = createFeed<number>();
  feed.push(1);
  const reading = readAll(feed.read());
  feed.push(2);
  await Promise.resolve();
  feed.push(3);
  feed.end();
  expect(await reading).toEqual([1, 2, 3]);
});

test("a failure reaches a waiting reader", async () => {
  const feed = createFeed<number>();
  const next = feed.read().next();
  feed.fail(new Error("gone"));
  await expect(next).rejects.toThrow("gone");
});

test("a failure drops what was not read, even of a batch that is being read", async () => {
  const feed = createFeed<number>();
  feed.push(1);
  feed.push(2);
  const events = feed.read();
  expect(await events.next()).toEqual({ done: false, value: 1 });
  feed.push(3);
  feed.fail(new Error("gone"));
  await expect(events.next()).rejects.toThrow("gone");
});

test("the first of end and fail counts, and later events are ignored", async () => {
  const feed = createFeed<number>();
  feed.push(1);
  feed.end();
  feed.fail(new Error("too late"));
  feed.push(2);
  expect(await readAll(feed.read())).toEqual([1]);
});
