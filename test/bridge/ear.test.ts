// The ear by tables: what it decides for every order in which speech events and transcripts can come.
import { createEar, type Owed } from "../../src/bridge/ear.ts";
import { isBackchannel } from "../../src/bridge/backchannel.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

type Step =
  | `start${"" | ` ${number}`}`
  | `stop ${number}`
  | `commit ${string}`
  | `heard ${string}: ${string}`
  | `empty ${string}`
  | `failed ${string}`
  | `wait ${number}`
  | `owed ${Owed}`
  | "forget"
  | "overrule";

/** Carries the steps out; returns what the ear said, each with the ms at which it did when it is not 0. */
async function hear(steps: readonly Step[], options: { backchannelMs?: number; owed?: Owed } = {}) {
  const time = createVirtualTime(0);
  let owed: Owed = options.owed ?? "nothing";
  const said: string[] = [];
  const say = (what: string): void => void said.push(time.now() > 0 ? `${time.now()} ${what}` : what);
  const ear = createEar({
    backchannelMs: options.backchannelMs ?? 700,
    endSilenceMs: 500,
    transcriptTimeoutMs: 4000,
    now: () => time.now(),
    after: (ms, fn) => time.clock.after(ms, fn),
    owed: () => owed,
    isNod: isBackchannel,
    events: {
      onHold: () => say("hold"),
      onResume: () => say("resume"),
      onCut: () => say("cut"),
      onCommitted: (itemId) => say(`committed ${itemId}`),
      onTurn: (itemId, text) => say(`turn ${itemId}: ${text}`),
      onIgnored: (itemId, why) => say(`ignored ${itemId} ${why}`),
      onLost: (itemId, cause) => say(`lost ${itemId} ${cause}`),
    },
  });
  for (const step of steps) {
    const [what, rest = ""] = step.split(/ (.*)/s);
    if (what === "start") ear.started(Number(rest) || 0);
    else if (what === "stop") ear.stopped(Number(rest));
    else if (what === "commit") ear.committed(rest);
    else if (what === "heard") ear.heard(rest.split(": ")[0] as string, rest.slice(rest.indexOf(": ") + 2));
    else if (what === "empty" || what === "failed") ear.unheard(rest, what);
    else if (what === "wait") await time.run(Number(rest));
    else if (what === "owed") owed = rest as Owed;
    else if (what === "forget") ear.forget();
    else ear.overrule();
  }
  return { said, ear, pending: time.pending() };
}

const OVER: Owed = "words";

describe("speech over nothing", () => {
  test.each<[string, Step[], string[]]>([
    ["is a turn", ["start", "stop 900", "commit a", "heard a: hello there"], ["committed a", "turn a: hello there"]],
    [
      "is a turn however short and noddy",
      ["start", "stop 200", "commit a", "heard a: yes"],
      ["committed a", "turn a: yes"],
    ],
    ["without words is nothing", ["start", "stop 900", "commit a", "empty a"], ["committed a", "ignored a empty"]],
    [
      "with blank words is nothing",
      ["start", "stop 900", "commit a", "heard a:  "],
      ["committed a", "ignored a empty"],
    ],
    ["whose words fail is lost", ["start", "stop 900", "commit a", "failed a"], ["committed a", "lost a failed"]],
    [
      "whose words do not come is lost",
      ["start", "stop 900", "commit a", "wait 5000"],
      ["committed a", "4000 lost a late"],
    ],
    [
      "whose words come after that is a turn all the same",
      ["start", "stop 900", "commit a", "wait 5000", "heard a: well"],
      ["committed a", "4000 lost a late", "5000 turn a: well"],
    ],
    [
      "counts once, however often its words come",
      ["start", "stop 900", "commit a", "heard a: well", "heard a: well", "empty a", "failed a", "commit a"],
      ["committed a", "turn a: well"],
    ],
    ["of which only the words are known is a turn", ["heard z: well"], ["turn z: well"]],
    [
      "that is committed without a word of its beginning is a turn",
      ["commit a", "heard a: well"],
      ["committed a", "turn a: well"],
    ],
    [
      "that is committed twice is one",
      ["start", "stop 9", "commit a", "commit a", "heard a: x"],
      ["committed a", "turn a: x"],
    ],
    [
      "of two utterances gives two turns, in the order of their words",
      ["start", "stop 900", "commit a", "start", "stop 900", "commit b", "heard b: two", "heard a: one"],
      ["committed a", "committed b", "turn b: two", "turn a: one"],
    ],
  ])("%s", async (_what, steps, said) => {
    const result = await hear(steps);
    expect(result.said).toEqual(said);
    expect(result.pending).toBe(0);
  });
});

describe("speech over the greeting", () => {
  test.each<[string, Step[], string[]]>([
    ["that is a hello needs no answer", ["start", "stop 300", "commit a", "heard a: Hello?"], ["ignored a pickup"]],
    [
      "that asks for something is a turn",
      ["start", "stop 900", "commit a", "heard a: a table please"],
      ["turn a: a table please"],
    ],
    ["without words is nothing", ["start", "stop 300", "commit a", "empty a"], ["ignored a empty"]],
    ["whose words fail is lost", ["start", "stop 900", "commit a", "failed a"], ["lost a failed"]],
    [
      "and late is weighed as that",
      ["start", "stop 300", "commit a", "wait 4500", "heard a: hello"],
      ["4000 lost a late", "4500 ignored a pickup"],
    ],
  ])("%s", async (_what, steps, said) => expect((await hear(steps, { owed: "greeting" })).said).toEqual(said));
});

describe.each<Owed>(["words", "thought"])("speech over %s", (owed) => {
  test.each<[string, Step[], string[]]>([
    ["is held, and short goes on at its end", ["start", "stop 300"], ["hold", "resume"]],
    [
      "short, and a nod, changes nothing",
      ["start", "stop 300", "commit a", "heard a: mhm"],
      ["hold", "resume", "ignored a backchannel"],
    ],
    [
      "short, without words, changes nothing",
      ["start", "stop 300", "commit a", "empty a"],
      ["hold", "resume", "ignored a empty"],
    ],
    [
      "short, whose words fail, changes nothing",
      ["start", "stop 300", "commit a", "failed a"],
      ["hold", "resume", "ignored a empty"],
    ],
    [
      "short, whose words never come, changes nothing",
      ["start", "stop 300", "commit a", "wait 9000"],
      ["hold", "resume", "4000 ignored a empty"],
    ],
    [
      "short, but meant, cuts when its words say so",
      ["start", "stop 300", "commit a", "heard a: stop!"],
      ["hold", "resume", "hold", "cut", "turn a: stop!"],
    ],
    [
      "long cuts while it goes on",
      ["start", "wait 1500", "stop 1800", "commit a", "heard a: wait a moment"],
      ["hold", "1400 cut", "1500 committed a", "1500 turn a: wait a moment"],
    ],
    [
      "of middling length waits for its words: a nod goes on",
      ["start", "wait 1300", "stop 800", "commit a", "wait 500", "heard a: okay"],
      ["hold", "1800 resume", "1800 ignored a backchannel"],
    ],
    [
      "of middling length, with other words, cuts",
      ["start", "wait 1300", "stop 800", "commit a", "wait 500", "heard a: no wait"],
      ["hold", "1800 cut", "1800 turn a: no wait"],
    ],
    [
      "of middling length, without words, goes on",
      ["start", "wait 1300", "stop 800", "commit a", "wait 500", "empty a"],
      ["hold", "1800 resume", "1800 ignored a empty"],
    ],
    [
      "of middling length, whose words fail, cuts and is lost",
      ["start", "wait 1300", "stop 800", "commit a", "wait 500", "failed a"],
      ["hold", "1800 cut", "1800 lost a failed"],
    ],
    [
      "of middling length is meant when its words take too long, and its turn is complete then",
      ["start", "wait 1300", "stop 800", "commit a", "wait 1300", "heard a: okay"],
      ["hold", "2500 cut", "2500 committed a", "2600 turn a: okay"],
    ],
    [
      "cut and without words is lost: somebody spoke",
      ["start", "wait 1500", "stop 1800", "commit a", "empty a"],
      ["hold", "1400 cut", "1500 committed a", "1500 lost a empty"],
    ],
    [
      "a second time while the first is weighed is meant",
      ["start", "wait 1300", "stop 800", "commit a", "start"],
      ["hold", "1300 cut", "1300 committed a", "1300 hold"],
    ],
    [
      "that began before and is spoken again without an end is meant",
      ["start", "wait 300", "start"],
      ["hold", "300 cut", "300 hold"],
    ],
    [
      "that was overruled is weighed no more",
      ["start", "overrule", "wait 3000", "stop 300", "commit a"],
      ["hold", "3000 committed a"],
    ],
  ])("%s", async (_what, steps, said) => expect((await hear(steps, { owed })).said).toEqual(said));

  test.each<[string, Step[], string[]]>([
    [
      "every sound cuts at once",
      ["start", "stop 100", "commit a", "heard a: mhm"],
      ["hold", "cut", "committed a", "turn a: mhm"],
    ],
    [
      "and silence after it is lost",
      ["start", "stop 100", "commit a", "empty a"],
      ["hold", "cut", "committed a", "lost a empty"],
    ],
  ])("with BACKCHANNEL_MS 0 %s", async (_what, steps, said) =>
    expect((await hear(steps, { owed, backchannelMs: 0 })).said).toEqual(said),
  );
});

describe("speech over a question after the caller, or the last syllables", () => {
  test.each<[string, Owed, Step[], string[]]>([
    [
      "a yes to a question is a turn",
      "prompt",
      ["start", "stop 200", "commit a", "heard a: yes"],
      ["hold", "cut", "committed a", "turn a: yes"],
    ],
    [
      "so is a murmur",
      "prompt",
      ["start", "stop 200", "commit a", "heard a: mhm"],
      ["hold", "cut", "committed a", "turn a: mhm"],
    ],
    [
      "a yes into the last syllables is a turn",
      "tail",
      ["start", "stop 200", "commit a", "heard a: yes"],
      ["hold", "cut", "committed a", "turn a: yes"],
    ],
    [
      "a murmur into them is nothing",
      "tail",
      ["start", "stop 200", "commit a", "heard a: mhm"],
      ["hold", "cut", "committed a", "ignored a backchannel"],
    ],
  ])("%s", async (_what, owed, steps, said) => expect((await hear(steps, { owed })).said).toEqual(said));
});

describe("two utterances in flight", () => {
  test("the second over the thought of the first; each is weighed as what it was", async () => {
    const { said } = await hear([
      "start",
      "stop 900",
      "commit a",
      "owed thought",
      "start",
      "wait 600",
      "heard a: one",
      "stop 300",
      "commit b",
      "heard b: mhm",
    ]);
    expect(said).toEqual(["committed a", "hold", "600 turn a: one", "600 resume", "600 ignored b backchannel"]);
  });
  test("the words of the second may come first", async () => {
    const { said } = await hear([
      "start",
      "stop 900",
      "commit a",
      "owed thought",
      "start",
      "wait 1500",
      "stop 1800",
      "commit b",
      "heard b: two",
      "heard a: one",
    ]);
    expect(said).toEqual([
      "committed a",
      "hold",
      "1400 cut",
      "1500 committed b",
      "1500 turn b: two",
      "1500 turn a: one",
    ]);
  });
});

describe("what is open", () => {
  test("speech counts from where it begins in the audio, until its words are known", async () => {
    expect((await hear(["start 700"])).ear.openSince()).toBe(700);
    expect((await hear(["start 700", "stop 900", "commit a"])).ear.openSince()).toBe(700);
    const two = await hear(["start 700", "stop 900", "commit a", "start 2500"]);
    expect(two.ear.openSince()).toBe(700);
    expect(two.ear.isSpeaking()).toBe(true);
    two.ear.heard("a", "one");
    expect(two.ear.openSince()).toBe(2500);
    two.ear.stopped(300);
    expect(two.ear.openSince()).toBeUndefined();
  });
  test("words that were given up on are not waited for", async () => {
    const { ear } = await hear(["start 700", "stop 900", "commit a", "wait 4500"]);
    expect([ear.isWaiting(), ear.openSince()]).toEqual([false, undefined]);
  });
  test("words nobody waits for can be left out", async () => {
    const { ear } = await hear(["start 700", "stop 900", "commit a", "start 900", "stop 900", "commit b"]);
    expect(ear.isWaiting()).toBe(true);
    expect(ear.isWaiting((itemId) => itemId === "a")).toBe(true);
    expect(ear.isWaiting(() => true)).toBe(false);
  });
});

describe("a voice that is gone", () => {
  test("decides what was open as meant, and leaves nothing to wait for", async () => {
    const { said, ear, pending } = await hear(["start", "stop 900", "commit a", "start", "forget"], { owed: OVER });
    expect(said).toEqual(["hold", "cut", "committed a", "hold", "cut"]);
    expect([ear.isSpeaking(), ear.isWaiting(), ear.openSince(), pending]).toEqual([false, false, undefined, 0]);
  });
  test("of which nothing was open changes nothing", async () => {
    expect((await hear(["start", "stop 900", "commit a", "heard a: one", "forget"])).said).toEqual([
      "committed a",
      "turn a: one",
    ]);
  });
});

test("a long call remembers a bounded number of items", async () => {
  const steps: Step[] = [];
  for (let index = 0; index < 500; index++)
    steps.push("start", "stop 900", `commit i${index}`, `heard i${index}: word`);
  const { said, pending } = await hear(steps);
  expect(said.filter((one) => one.startsWith("turn"))).toHaveLength(500);
  expect(pending).toBe(0);
});
