// Two hundred calls whose every party does as it likes, by seed: whatever happens, a call ends once, lets go of everything,
// keeps its ports' contracts, and its record is consistent.
import type { BridgeSettings } from "../../src/bridge/parts.ts";
import type { LineCloseCause } from "../../src/core/line.ts";
import { ThreadError } from "../../src/core/thread.ts";
import type { Tool } from "../../src/core/tool.ts";
import { createTools } from "../../src/tools/index.ts";
import { fakeCall, HUMAN, type FakeCall, type FakeCallOptions } from "../support/fake-call.ts";
import { streamed, type Step } from "../support/fake-thread.ts";
import type { ReplyPlan, SpeechPlan, VoicePlan } from "../support/fake-voice.ts";
import { createRandom, type Random } from "../support/random.ts";

const CALLS = 200;
const UTTERANCES = [
  "Hello?",
  "Mhm",
  "Yes",
  "Stop!",
  "bye bye",
  "When do you open on Saturdays?",
  "Wait, I have one more thing to tell you about my car",
  "okay thank you so much",
];
const ANSWERS = [
  "All right.",
  "We open at nine. We close at six.",
  "Your car will be ready on Thursday morning. The brakes were worn on the left side. We changed the oil as you asked. It comes to two hundred dollars.",
  "Goodbye, and have a nice day!",
];

function tools(random: Random, call: () => FakeCall): Tool[] {
  const about = { description: "", parameters: {}, timeoutMs: 3000 };
  const later = (ms: number): Promise<string> =>
    new Promise((resolve) => void call().time.after(ms, () => resolve("found")));
  return [
    ...createTools({ humanNumber: HUMAN }),
    { ...about, name: "quick", run: () => Promise.resolve({ ok: true }) },
    { ...about, name: "slow", run: () => later(random.between(500, 5000)) },
    { ...about, name: "never", run: () => new Promise(() => {}) },
    { ...about, name: "broken", run: () => Promise.reject(new Error("broken")) },
  ];
}

function threadSteps(random: Random): Step[] {
  const steps: Step[] = [];
  const tool = (): Step => {
    const name = random.pick(["quick", "slow", "never", "broken", "unknown", "end_call", "transfer_call"]);
    return { tool: name, arguments: name === "transfer_call" ? '{"reason":"wants a person"}' : "{}" };
  };
  if (random.chance(0.15)) steps.push({ wait: random.between(50, 400) }, tool());
  if (random.chance(0.9)) {
    const timing = { firstMs: random.between(50, random.chance(0.2) ? 6000 : 900), perWordMs: random.between(1, 60) };
    steps.push(...streamed(random.pick(ANSWERS), timing));
  }
  if (random.chance(0.25)) steps.push(tool());
  if (random.chance(0.1)) steps.push({ fail: new ThreadError(random.pick(["unavailable", "rate-limited"]), "no") });
  if (random.chance(0.05)) steps.push({ hang: true });
  return steps;
}

function speech(random: Random): SpeechPlan {
  const plan: SpeechPlan = {
    firstMs: random.between(20, 600),
    msPerCharacter: random.between(40, 90),
    speed: 0.8 + random.next() * 20,
  };
  if (random.chance(0.06))
    return {
      ...plan,
      endAtMs: random.between(0, 1500),
      status: random.pick(["failed", "incomplete", "cancelled"]),
      code: "x",
    };
  if (random.chance(0.05)) return { ...plan, pauseAtMs: random.between(100, 1500), pauseMs: random.between(500, 5000) };
  return plan;
}

function voice(random: Random, number: number): VoicePlan {
  const readyMs = random.chance(0.06) ? -1 : random.between(10, random.chance(0.2) ? 4500 : 600);
  const lost = random.chance(number === 1 ? 0.3 : 0.15);
  return {
    readyMs,
    ...(lost && {
      lostMs: random.between(50, 25_000),
      code: random.pick(["1006", "1011", "stall"]),
      fatal: random.chance(0.15),
    }),
  };
}

function reply(random: Random): ReplyPlan {
  return {
    ...speech(random),
    firstMs: random.between(30, random.chance(0.2) ? 5000 : 600),
    items: random.chance(0.1) ? [] : Array.from({ length: random.between(1, 3) }, () => random.pick(ANSWERS)),
    tools: random.chance(0.2)
      ? [{ name: random.pick(["quick", "slow", "never", "broken", "unknown", "end_call"]) }]
      : [],
    never: random.chance(0.04),
  };
}

function options(random: Random, call: () => FakeCall): FakeCallOptions {
  const settings: Partial<BridgeSettings> = {
    backchannelMs: random.pick([0, 700, 700]),
    transcriptTimeoutMs: random.pick([1000, 4000]),
    silencePromptMs: random.pick([3000, 10_000]),
    maxCallMs: random.chance(0.1) ? random.between(1000, 40_000) : 1_800_000,
  };
  return {
    settings,
    speechToSpeech: random.chance(0.35),
    msPerFrame: 100,
    tools: tools(random, call),
    reply: () => threadSteps(random),
    voices: {
      seed: random.between(1, 1e6),
      netMs: random.between(1, 150),
      voice: (number) => voice(random, number),
      speech: () => speech(random),
      reply: () => reply(random),
    },
    line: {
      uplinkMs: random.between(0, 80),
      downlinkMs: random.between(0, 80),
      marks: random.chance(0.95),
      closeMs: random.chance(0.03) ? -1 : random.between(0, 100),
    },
    clips: (id) => (id === "greeting" ? greeting : true),
    ...(random.chance(0.1) && { state: { putEnding: () => new Promise(() => {}) } }),
    ...(random.chance(0.4) && { prewarmMs: random.between(0, 1500) }),
  };
}
let greeting = true;

async function live(random: Random, call: FakeCall): Promise<void> {
  const until = call.time.now() + random.between(200, 50_000);
  while (call.time.now() < until && call.reasons.length === 0) {
    await call.run(random.between(10, random.chance(0.3) ? 9000 : 1500));
    const dice = random.next();
    if (dice < 0.62) {
      call.caller.speaks(random.pick(UTTERANCES), {
        ...(random.chance(0.4) && { ms: random.between(100, 3000) }),
        transcriptMs: random.chance(0.06) ? -1 : random.between(10, random.chance(0.15) ? 6000 : 800),
        ...(random.chance(0.1) && { as: random.pick(["empty", "failed"] as const) }),
      });
    } else if (dice < 0.72) call.line.deliver({ type: "line.digit", digit: random.pick(["1", "5", "#", "*"]) });
    else if (dice < 0.76) call.voices.current.emit({ type: "voice.trouble", code: random.pick(["stall", "odd"]) });
    else if (dice < 0.78) call.call.end({ kind: "hangup", reason: "shutdown" }, "shutdown");
    else if (dice < 0.79) call.call.gone();
    else if (dice < 0.81) call.voices.current.lose();
    else if (dice < 0.82)
      call.line.hangUp(random.pick<LineCloseCause>(["hangup", "network", "no-media", "slow-consumer"]));
  }
}

/** What is wrong with the record of an ended call. */
function inconsistencies(call: FakeCall): string[] {
  const wrong: string[] = [];
  const { replies, turns, durationSeconds = call.sinceStart() / 1000 } = call.record();
  for (const one of replies) {
    const where = JSON.stringify(one);
    if (one.heardMs > one.sentMs || one.sentMs > one.generatedMs) wrong.push(`heard, sent, generated: ${where}`);
    if (one.heard.length > one.sent.length) wrong.push(`more words heard than sent: ${where}`);
    if (!one.interrupted && one.cut !== "" && one.generatedMs > 0 && one.heardMs < one.generatedMs - 1)
      wrong.push(`not interrupted, but cut: ${where}`);
    if (one.startedAtMs < 0 || one.startedAtMs > durationSeconds * 1000 + 100) wrong.push(`started when? ${where}`);
  }
  for (const [index, turn] of turns.entries()) {
    if (turn.turn !== index + 1) wrong.push(`turn ${turn.turn} at place ${index}`);
    if (turn.latencyMs !== undefined && turn.latencyMs < 0) wrong.push(`negative latency: ${JSON.stringify(turn)}`);
    // A turn that nothing came of has to say why, unless the call ended or the caller went on before it could be known.
    const next = turns[index + 1];
    const over = Math.min(durationSeconds * 1000, next?.endedAtMs ?? Infinity);
    if (turn.latencyMs === undefined && !turn.cause && over - turn.endedAtMs > 25_000)
      wrong.push(`a silent turn without a cause: ${JSON.stringify(turn)}`);
  }
  const ended = call.meter.total("voice_calls_ended_total");
  // One that is to come back with another line has not ended yet.
  if (ended !== (call.call.returns() ? 0 : 1)) wrong.push(`counted as ended ${ended} times`);
  return wrong;
}

test.each(Array.from({ length: CALLS / 20 }, (_, index) => index * 20))("calls %d and the 19 after", async (first) => {
  for (let seed = first; seed < first + 20; seed++) {
    const random = createRandom(seed + 1);
    greeting = random.chance(0.85);
    let made: FakeCall | undefined;
    const call = await fakeCall(options(random, () => made as FakeCall));
    made = call;
    await live(random, call);
    const wrong = [...(await call.leftovers()), ...inconsistencies(call)];
    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
  }
});
