// How numbers, times and names are written on the page. Pure.

/** 83000 -> "1:23"; hours only when there are some. */
export function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** 840 -> "840 ms", 12300 -> "12.3 s". */
export function length(ms: number): string {
  return Math.abs(ms) < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function dayAndTime(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  if (at.toDateString() === now.toDateString()) return time;
  const sameYear = at.getFullYear() === now.getFullYear();
  const day = at.toLocaleDateString(undefined, {
    day: "numeric",
    month: "short",
    ...(!sameYear && { year: "numeric" }),
  });
  return `${day}, ${time}`;
}

/** Numbers in groups that can be read aloud; what is none stays as it is. */
export function phoneNumber(number: string | null | undefined): string {
  if (!number) return "withheld";
  const [, country, area, first, last] = /^(\+1)(\d{3})(\d{3})(\d{4})$/.exec(number) ?? [];
  if (country) return `${country} ${area} ${first} ${last}`;
  return /^\+\d{7,15}$/.test(number)
    ? number.replace(/^(\+\d{2})(\d+)$/, (_, c: string, n: string) => `${c} ${n.replace(/(\d{3})(?=\d{2})/g, "$1 ")}`)
    : number;
}

/** "agent-hangup" -> "agent hangup". */
export const inWords = (name: string): string => name.replaceAll(/[-_]/g, " ");

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
