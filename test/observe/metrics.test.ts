// The metrics: every name the program uses is declared and every declared one is used; labels stay few; the text is Prometheus'.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { createMetrics, type Metrics } from "../../src/observe/metrics.ts";
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { until } from "../support/until.ts";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : path.endsWith(".ts") ? [path] : [];
  });
}

let metrics: Metrics;
beforeEach(() => void (metrics = createMetrics()));
afterEach(() => metrics.close());

test("what is counted anywhere is declared, and what is declared is counted somewhere", () => {
  const declared = new Set(
    [...readFileSync(join(SRC, "observe/metrics.ts"), "utf8").matchAll(/^ {2}(voice_\w+):/gm)].map((match) => match[1]),
  );
  const used = new Set(
    sources(SRC)
      .filter((path) => !path.includes("/sim/") && !path.endsWith("observe/metrics.ts"))
      .flatMap((path) =>
        [...readFileSync(path, "utf8").matchAll(/["'`](voice_[a-z_]+)["'`]/g)].map((match) => match[1]),
      )
      .filter((name) => /_(total|seconds|active|draining|ratio|bytes|up|rows)$/.test(name as string)),
  );
  expect([...used].filter((name) => !declared.has(name))).toEqual([]);
  expect([...declared].filter((name) => !used.has(name))).toEqual([]);
});

test("the page tells of series there are, with labels they have", async () => {
  const page = readFileSync(join(SRC, "../docs/metrics.md"), "utf8");
  const text = await metrics.render();
  const declared = new Map((await declaredMetrics()).map(({ name, labelNames }) => [name, labelNames]));
  const told = [
    ...page.matchAll(
      /`(?:rate\()?((?:voice|nodejs|process)_\w+)(?:\{(\w+)=[^}]*\})?\)?`(?: by ((?:`\w+`(?: and )?)+))?/g,
    ),
  ];
  expect(told.length).toBeGreaterThan(30);
  for (const [, name = "", label, by] of told) {
    expect([name, text.includes(`# TYPE ${name} `)]).toEqual([name, true]);
    const labels = [label, ...(by?.match(/\w+/g) ?? [])].filter((one) => one !== undefined && one !== "and");
    expect([name, labels.filter((one) => !declared.get(name)?.includes(one as string))]).toEqual([name, []]);
  }
});

test("an unknown name, or an unknown label, fails where it is used", () => {
  expect(() => metrics.count("voice_made_up_total")).toThrow(/declare it/);
  expect(() => metrics.gauge("voice_made_up", 1)).toThrow(/declare it/);
  expect(() => metrics.observe("voice_made_up_seconds", 1)).toThrow(/declare it/);
  expect(() => metrics.count("voice_calls_ended_total", { callId: "c1" })).toThrow(/label/);
});

test("no label can hold a call, a number or free text", async () => {
  for (const { labelNames } of await declaredMetrics())
    for (const label of labelNames) expect(label).not.toMatch(/call_?id|sid|from|to$|number|text|message|url/i);
});

async function declaredMetrics(): Promise<{ name: string; labelNames: string[] }[]> {
  const source = readFileSync(join(SRC, "observe/metrics.ts"), "utf8");
  return [...source.matchAll(/^ {2}(voice_\w+): \[\s*("[^"]*")(.*?)\],$/gms)].map(([, name, , rest]) => ({
    name: name as string,
    labelNames: [...(rest as string).matchAll(/"(\w+)"/g)].map((match) => match[1] as string),
  }));
}

test("the text is what a Prometheus server reads", async () => {
  metrics.count("voice_calls_ended_total", { reason: "caller-hangup", result: "success" });
  metrics.count("voice_media_gap_ms_total", {}, 40);
  metrics.gauge("voice_draining", 1);
  metrics.observe("voice_turn_latency_seconds", 0.3);
  const text = await metrics.render();
  expect(metrics.contentType).toMatch(/^text\/plain/);
  expect(text).toContain('voice_calls_ended_total{reason="caller-hangup",result="success"} 1\n');
  expect(text).toContain("voice_media_gap_ms_total 40\n");
  expect(text).toContain("voice_draining 1\n");
  expect(text).toContain('voice_turn_latency_seconds_bucket{le="0.5"} 1\n');
  expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  for (const line of text.split("\n").filter((one) => one.startsWith("# HELP"))) expect(line).toMatch(/^# HELP \w+ \S/);
});

test("the event loop's lag is what comes on top of the wait: next to none in a quiet moment, and all of a hold-up", async () => {
  async function passes(ms: number): Promise<void> {
    const began = performance.now();
    await until(`${ms} ms are over`, () => performance.now() - began > ms);
  }
  const heldUp = monitorEventLoopDelay({ resolution: 1 });
  heldUp.enable();
  /** Over 60 ms: a look right after another one has nothing to tell yet. */
  async function lag(during: () => void = () => undefined): Promise<number> {
    await metrics.render();
    heldUp.reset();
    await passes(30);
    during();
    await passes(30);
    return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await metrics.render())?.[1]);
  }
  // No moment of a busy machine is quiet: what it was held up for in truth is taken off.
  const quiet: number[] = [];
  while (quiet.length < 50 && !quiet.some((one) => one < 0.008)) quiet.push((await lag()) - heldUp.max / 1e9);
  heldUp.disable();
  expect(Math.min(...quiet)).toBeLessThan(0.008);
  const held = await lag(() => {
    const until = performance.now() + 150;
    while (performance.now() < until);
  });
  expect(held).toBeGreaterThan(0.13);
});

test("two sets of metrics know nothing of each other", async () => {
  const other = createMetrics();
  try {
    metrics.count("voice_start_timeouts_total");
    expect(await other.render()).toContain("voice_start_timeouts_total 0\n");
  } finally {
    other.close();
  }
});

test("the real clock runs on, and cancels", async () => {
  const before = systemClock.now();
  let fired = 0;
  systemClock.after(1, () => fired++);
  const cancel = systemClock.after(1, () => (fired += 100));
  cancel();
  cancel();
  await until("the timer fired", () => fired > 0);
  expect(fired).toBe(1);
  expect(systemClock.now()).toBeGreaterThan(before);
  expect(Math.abs(systemClock.date().getTime() - Date.now())).toBeLessThan(1000);
});

test("ids sort by their time, can not be guessed and fit into an address", () => {
  const ids = Array.from({ length: 2000 }, () => systemIds.callId());
  const tokens = Array.from({ length: 2000 }, () => systemIds.token());
  expect(new Set([...ids, ...tokens]).size).toBe(4000);
  for (const id of ids) expect(id).toMatch(/^call_[0-9a-z]{9}[0-9a-f]{20}$/);
  for (const token of tokens) expect(token).toMatch(/^[\w-]{22,}$/);
  const times = ids.map((id) => id.slice(0, 14));
  expect(times).toEqual(times.toSorted());
});
