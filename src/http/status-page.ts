// The plain page a person gets at / and /status: one table, no script, everything escaped.
import { createHash } from "node:crypto";
import type { ServerStatus } from "./health.ts";

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#222}" +
  "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd}" +
  "th{font-weight:500;color:#555;width:50%}";

/** Nothing but this very style sheet may be used on the page. */
export const STATUS_PAGE_CSP =
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function statusPage(status: ServerStatus, draining: boolean): string {
  const rows: (readonly [string, string])[] = [
    ["State", draining ? "draining: live calls finish, new ones are turned away" : "running"],
    ["Up", duration(status.upSeconds)],
    ...Object.entries(status.facts ?? {}),
    ["Live calls", String(status.callsActive)],
  ];
  const ended = Object.entries(status.callsEnded).map(([reason, count]) => [reason, String(count)] as const);
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Voicebridge</title>` +
    `<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5"><style>${STYLE}</style></head>` +
    `<body><h1>Voicebridge</h1>${table(rows)}<h2>Calls ended</h2>` +
    `${ended.length > 0 ? table(ended) : "<p>None yet.</p>"}</body></html>`
  );
}

function table(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`);
  return `<table>${lines.join("")}</table>`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES.get(character) ?? "");
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ] as const;
  const shown = parts.filter(([count], at) => count > 0 || at === parts.length - 1);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(" ");
}
