// Hears a long recording that lies on the disk with one engine, in a process of its own, and tells what came of it and what it held in
// memory meanwhile: after its garbage was collected, and of the machine. For test/speech/long-file.test.ts.
import { openAsBlob } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createSpeechDesk, createSpeechEngines } from "../../src/app/speech-desk.ts";
import { readConfig } from "../../src/config.ts";
import { systemClock } from "../../src/observe/system.ts";
import { keptLog, keptMeter } from "./observe.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function held(): { readonly live: number; readonly rss: number } {
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { live: heapUsed + external, rss };
}

const [short = "", long = ""] = process.argv.slice(2);
const config = readConfig(process.env);
const desk = createSpeechDesk(createSpeechEngines(config, { clock: systemClock, log: keptLog(), meter: keptMeter() }));
const hear = async (path: string) =>
  desk.hear(new File([await openAsBlob(path)], "recording"), new AbortController().signal);

// What the first file needs of code is no matter of a file's length.
await hear(short);
const base = held();
const most = { live: 0, rss: 0 };
const watch = setInterval(() => {
  const { live, rss } = held();
  most.live = Math.max(most.live, live - base.live);
  most.rss = Math.max(most.rss, rss - base.rss);
}, 200);
const { text, duration } = await hear(long);
clearInterval(watch);
process.stdout.write(`heard ${JSON.stringify({ text, duration, most })}\n`);
