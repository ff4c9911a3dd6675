// Whose turn it is, with an answerer by hand: joining, calling off, asking again, and what the assistant is told afterwards.
import type { AnswerEvents, Run, Turn } from "../../src/bridge/answer.ts";
import { createDialogue } from "../../src/bridge/dialogue.ts";
import { createJournal } from "../../src/bridge/journal.ts";
import type { CutUtterance } from "../../src/bridge/utterance.ts";
import type { Utterance } from "../../src/bridge/utterance.ts";
import type { HeardCorrection } from "../../src/core/thread.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { PARTY } from "../support/fake-call.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

interface Asked {
  readonly turn: Turn;
  readonly correction: HeardCorrection | undefined;
  readonly events: AnswerEvents;
  readonly run: Run;
  cancelled: boolean;
  yielded: boolean;
  acted: boolean;
  utterance: Utterance | undefined;
}

function setup() {
  const time = createVirtualTime();
  const store = createMemoryCallStore();
  const asked: Asked[] = [];
  const said: string[] = [];
  const journal = createJournal({
    party: PARTY,
    store,
    clock: time.clock,
    log: keptLog(),
    meter: keptMeter(),
    logContent: false,
  });
  const dialogue = createDialogue({
    answerer: {
      answer(turn, correction, events) {
        const entry: Asked = {
          turn,
          correction,
          events,
          cancelled: false,
          yielded: false,
          acted: false,
          utterance: undefined,
          run: {
            turn,
            acted: () => entry.acted,
            utterance: () => entry.utterance,
            yield: () => void (entry.yielded = true),
            cancel: () => void (entry.cancelled = true),
          },
        };
        asked.push(entry);
        return entry.run;
      },
    },
    journal,
    now: () => time.now(),
    filler: { expect: (since) => void said.push(`expect ${since}`), stop: () => void said.push("stop") },
    onTurn: ({ number }) => void said.push(`turn ${number}`),
    onAnswered: ({ number }, some) => void said.push(`answered ${number} ${some}`),
    onFailed: ({ number }, cause) => void said.push(`failed ${number} ${cause}`),
  });
  return { time, store, dialogue, asked, said, last: () => asked.at(-1) as Asked };
}

function utterance(turn: number, startedAt?: number): Utterance {
  return {
    id: turn,
    kind: "reply",
    turn,
    pieces: [],
    open: true,
    cut: false,
    shielded: false,
    begunAt: 0,
    ...(startedAt !== undefined && { startedAt }),
  };
}

function cutOf(one: Utterance, heard: string, generated: string, heardMs = heard.length * 60): CutUtterance {
  const record = {
    kind: one.kind,
    generated,
    sent: generated,
    heard,
    cut: generated.slice(heard.length).trim(),
    generatedMs: 5000,
    sentMs: 5000,
    heardMs,
    interrupted: true,
  };
  return { utterance: one, record, truncations: [] };
}

test("a turn is answered, and the next one after it", () => {
  const { dialogue, asked, said, last } = setup();
  expect(dialogue.accept("one", "speech", 10)).toBe(1);
  expect(dialogue.isBusy()).toBe(true);
  last().events.onDone(last().run, true);
  expect(dialogue.isBusy()).toBe(false);
  expect(dialogue.accept("two", "keypad", 20)).toBe(2);
  expect(asked.map(({ turn }) => turn)).toEqual([
    { number: 1, by: "speech", text: "one", endedAt: 10 },
    { number: 2, by: "keypad", text: "two", endedAt: 20 },
  ]);
  expect(said).toEqual(["turn 1", "expect 10", "answered 1 true", "turn 2", "expect 20"]);
});

test("words added while it is thought about join the turn, which keeps its number", () => {
  const { dialogue, asked } = setup();
  dialogue.accept("one", "speech", 10);
  expect(dialogue.accept("two", "speech", 20)).toBe(1);
  expect(dialogue.accept("three", "speech", 30)).toBe(1);
  expect(asked.map(({ turn, cancelled }) => [turn.number, turn.text, turn.endedAt, cancelled])).toEqual([
    [1, "one", 10, true],
    [1, "one two", 20, true],
    [1, "one two three", 30, false],
  ]);
});

test("an answer whose tool has acted is let finish, and the words wait for it", () => {
  const { dialogue, asked, last } = setup();
  dialogue.accept("book it", "speech", 10);
  last().acted = true;
  expect(dialogue.accept("and", "speech", 20)).toBe(2);
  expect(dialogue.accept("now", "speech", 30)).toBe(2);
  expect(asked).toHaveLength(1);
  expect([last().cancelled, last().yielded]).toEqual([false, true]);
  last().events.onDone(last().run, true);
  expect(last().turn).toMatchObject({ number: 2, text: "and now" });
});

test("an answer that is heard already and was not cut is not taken back", () => {
  const { dialogue, asked, last } = setup();
  dialogue.accept("one", "speech", 10);
  last().utterance = utterance(1, 500);
  dialogue.accept("late words", "speech", 20);
  expect(asked).toHaveLength(1);
  last().events.onDone(last().run, true);
  expect(last().turn).toMatchObject({ number: 2, text: "late words" });
});

test("events of an answer that was called off mean nothing", () => {
  const { dialogue, asked, said } = setup();
  dialogue.accept("one", "speech", 10);
  dialogue.accept("two", "speech", 20);
  const [first] = asked;
  first?.events.onDone(first.run, true);
  first?.events.onFailed(first.run, "x");
  expect(said.filter((what) => /answered|failed/.test(what))).toEqual([]);
});

test("a failed answer is told of, its cause kept, and the words that wait are answered", async () => {
  const { dialogue, asked, said, store, last } = setup();
  dialogue.accept("one", "speech", 10);
  last().acted = true;
  dialogue.accept("two", "speech", 20);
  asked[0]?.events.onFailed(asked[0].run, "thread-timeout");
  expect(said).toContain("failed 1 thread-timeout");
  expect(last().turn.text).toBe("two");
  expect((await store.get(PARTY.callId))?.turns[0]).toMatchObject({ turn: 1, cause: "thread-timeout" });
});

describe("an interruption", () => {
  test("of an answer in the making of which nothing was heard keeps the question, and corrects nothing", () => {
    const { dialogue, asked, last } = setup();
    dialogue.accept("one", "speech", 10);
    last().utterance = utterance(1);
    dialogue.cut([cutOf(last().utterance as Utterance, "", "An answer.")]);
    expect(last().cancelled).toBe(true);
    expect(dialogue.isBusy()).toBe(false);
    dialogue.accept("two", "speech", 20);
    expect(asked[1]).toMatchObject({ turn: { number: 1, text: "one two" }, correction: undefined });
  });

  test("of an answer whose question is asked again with more words stays the cause of that turn", async () => {
    const { dialogue, store, last } = setup();
    dialogue.accept("one", "speech", 10);
    last().utterance = utterance(1);
    dialogue.cut([cutOf(last().utterance as Utterance, "", "An answer.")]);
    dialogue.accept("two", "speech", 20);
    const { turns } = (await store.get(PARTY.callId)) ?? {};
    expect(turns).toMatchObject([{ turn: 1, text: "one two", cause: "cut-by-caller" }]);
  });

  test("of an answer in the making of which something was heard ends the turn, and is told once", () => {
    const { dialogue, asked, last } = setup();
    dialogue.accept("one", "speech", 10);
    last().utterance = utterance(1, 400);
    dialogue.cut([cutOf(last().utterance as Utterance, "An", "An answer.")]);
    dialogue.accept("two", "speech", 20);
    expect(last()).toMatchObject({
      turn: { number: 2, text: "two" },
      correction: { generated: "An answer.", heard: "An" },
    });
    last().events.onDone(last().run, true);
    dialogue.accept("three", "speech", 30);
    expect(asked[2]?.correction).toBeUndefined();
  });

  test("of an answer that was complete is told, even when nothing of it was heard", () => {
    const { dialogue, last } = setup();
    dialogue.accept("one", "speech", 10);
    last().events.onDone(last().run, true);
    dialogue.cut([cutOf(utterance(1), "", "An answer.")]);
    dialogue.accept("two", "speech", 20);
    expect(last()).toMatchObject({ turn: { number: 2 }, correction: { generated: "An answer.", heard: "" } });
  });

  test("of several replies tells of all of them", () => {
    const { dialogue, last } = setup();
    dialogue.accept("one", "speech", 10);
    last().events.onDone(last().run, true);
    dialogue.cut([cutOf(utterance(1), "A", "A one."), cutOf(utterance(1), "", "A two.")]);
    dialogue.accept("two", "speech", 20);
    expect(last().correction).toEqual({ generated: "A one. A two.", heard: "A" });
  });

  test("of a filler or a notice tells nothing", () => {
    const { dialogue, last } = setup();
    dialogue.accept("one", "speech", 10);
    last().events.onDone(last().run, true);
    dialogue.cut([cutOf({ ...utterance(0), kind: "filler" }, "", "One moment.")]);
    dialogue.accept("two", "speech", 20);
    expect(last().correction).toBeUndefined();
  });

  test("after which nothing comes asks the question again", () => {
    const { dialogue, asked, last } = setup();
    dialogue.accept("one", "speech", 10);
    dialogue.cut([]);
    expect(last().cancelled).toBe(true);
    expect(dialogue.nothingNew()).toBe(true);
    expect(asked[1]).toMatchObject({ turn: { number: 1, text: "one" } });
  });

  test("into nothing has nothing to ask again", () => {
    const { dialogue } = setup();
    dialogue.cut([]);
    expect(dialogue.nothingNew()).toBe(false);
  });

  test("of a reply whose tool acted cuts its words, not its run", async () => {
    const { dialogue, store, last } = setup();
    dialogue.accept("one", "speech", 10);
    last().acted = true;
    last().utterance = utterance(1, 400);
    dialogue.cut([cutOf(last().utterance as Utterance, "An", "An answer.")]);
    expect(last().cancelled).toBe(false);
    expect((await store.get(PARTY.callId))?.turns[0]?.cause).toBe("cut-by-caller");
  });
});

test("a reply the voice could not speak in full is told to the assistant", () => {
  const { dialogue, last } = setup();
  dialogue.accept("one", "speech", 10);
  last().events.onDone(last().run, true);
  const { record } = cutOf(utterance(1), "An", "An answer.");
  dialogue.heard(utterance(1), { ...record, interrupted: false });
  dialogue.heard({ ...utterance(1), kind: "greeting" }, record);
  dialogue.heard(utterance(1), { ...record, generated: "Whole.", heard: "Whole.", cut: "" });
  dialogue.accept("two", "speech", 20);
  expect(last().correction).toEqual({ generated: "An answer.", heard: "An" });
});

test("an answer can be recalled before anything of it was heard: its question waits for the words to come again", () => {
  const { dialogue, asked, last } = setup();
  dialogue.accept("", "speech", 10);
  expect(dialogue.recall()).toBe(true);
  expect(dialogue.isBusy()).toBe(false);
  expect(dialogue.accept("", "speech", 30)).toBe(1);
  last().utterance = utterance(1, 5);
  expect(dialogue.recall()).toBe(false);
  expect(asked).toHaveLength(2);
});

test("closing cancels, and what waits is not asked", () => {
  const { dialogue, asked, said, last } = setup();
  dialogue.accept("one", "speech", 10);
  last().acted = true;
  dialogue.accept("two", "speech", 20);
  dialogue.close();
  expect(last().cancelled).toBe(true);
  last().events.onDone(last().run, true);
  expect(asked).toHaveLength(1);
  expect(dialogue.nothingNew()).toBe(false);
  expect(said.at(-1)).toBe("stop");
});
