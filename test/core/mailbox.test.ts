// One reader, one order: what is posted from inside waits, what is posted from outside runs at once.
import { createMailbox, type Mailbox } from "../../src/core/mailbox.ts";

function collect(limit?: number) {
  const seen: string[] = [];
  const errors: unknown[] = [];
  const on = new Map<string, () => void>();
  const mailbox: Mailbox<string> = createMailbox<string>(
    (event) => {
      seen.push(`+${event}`);
      on.get(event)?.();
      seen.push(`-${event}`);
    },
    { onError: (error) => errors.push(error), ...(limit !== undefined && { limit }) },
  );
  return { seen, errors, on, mailbox };
}

test("an event posted while nobody reads is read before post returns", () => {
  const { mailbox, seen } = collect();
  expect(mailbox.post("a")).toBe(true);
  expect(seen).toEqual(["+a", "-a"]);
});

test("events posted by the reader wait their turn, in order", () => {
  const { mailbox, seen, on } = collect();
  on.set("a", () => {
    mailbox.post("b");
    mailbox.post("c");
  });
  on.set("b", () => mailbox.post("d"));
  mailbox.post("a");
  expect(seen).toEqual(["+a", "-a", "+b", "-b", "+c", "-c", "+d", "-d"]);
});

test("a reader that throws is told of, and the next event is read", () => {
  const { mailbox, seen, on, errors } = collect();
  on.set("a", () => {
    mailbox.post("b");
    throw new Error("a defect");
  });
  mailbox.post("a");
  mailbox.post("c");
  expect(seen).toEqual(["+a", "+b", "-b", "+c", "-c"]);
  expect(errors).toEqual([new Error("a defect")]);
});

test("whoever is told of an error may fail too: the mailbox goes on", () => {
  const seen: string[] = [];
  const mailbox = createMailbox<string>(
    (event) => {
      seen.push(event);
      if (event === "a") {
        mailbox.post("b");
        throw new Error("a defect");
      }
    },
    {
      onError: () => {
        throw new Error("no log either");
      },
    },
  );
  expect(mailbox.post("a")).toBe(true);
  expect(mailbox.post("c")).toBe(true);
  expect(seen).toEqual(["a", "b", "c"]);
});

test("the limit counts what waits, not what was read in the same go", () => {
  const { mailbox, on, seen } = collect(3);
  let posted = 0;
  const chain = (): void => {
    if (posted < 20) expect(mailbox.post(`n${posted++}`)).toBe(true);
  };
  on.set("start", chain);
  for (let index = 0; index < 20; index++) on.set(`n${index}`, chain);
  mailbox.post("start");
  expect(seen.filter((one) => one.startsWith("+"))).toHaveLength(21);
});

test("more than the limit waiting is refused, and what waits is still read", () => {
  const { mailbox, on, seen } = collect(2);
  const taken: boolean[] = [];
  on.set("a", () => void taken.push(mailbox.post("b"), mailbox.post("c"), mailbox.post("d")));
  mailbox.post("a");
  expect(taken).toEqual([true, true, false]);
  expect(seen.filter((one) => one.startsWith("+"))).toEqual(["+a", "+b", "+c"]);
  expect(mailbox.post("e")).toBe(true);
});

test("closed by the reader: what waits is dropped, what comes is refused", () => {
  const { mailbox, on, seen } = collect();
  on.set("a", () => {
    mailbox.post("b");
    mailbox.close();
    expect(mailbox.post("c")).toBe(false);
  });
  mailbox.post("a");
  expect(mailbox.post("d")).toBe(false);
  mailbox.close();
  expect(seen).toEqual(["+a", "-a"]);
});
