// What a process costs, from the kernel's own account in /proc: the only measure that is the same for any program.
import { readdirSync, readFileSync } from "node:fs";

/** ms of CPU that all threads of the process have used so far. @throws Error where there is no /proc, or no such process. */
export function cpuMs(pid: number): number {
  let sum = 0;
  // schedstat counts nanoseconds; the better known stat counts hundredths of a second.
  for (const thread of readdirSync(`/proc/${pid}/task`))
    sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  return sum;
}

/** Resident memory of the process, bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? NaN) * 1024;
}
