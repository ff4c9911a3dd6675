// What work costs the processor: unlike the time it takes, the same on a machine that does something else meanwhile, or stops.

/** ms of this process's own computing while the work is done. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
}
