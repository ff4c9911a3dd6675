// The page's few drawings, as strokes in the colour of the text beside them.

const PATHS = {
  waves: "M4 11v2M8 8v8M12 5v14M16 8v8M20 11v2",
  live: "M12 12h.01M8.5 15.5a5 5 0 0 1 0-7M15.5 8.5a5 5 0 0 1 0 7M5.6 18.4a9 9 0 0 1 0-12.8M18.4 5.6a9 9 0 0 1 0 12.8",
  calls: "M5 6h14M5 12h14M5 18h9",
  talk: "M12 4a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4ZM6 11.5a6 6 0 0 0 12 0M12 17.5V20",
  organization: "M5 20V6l7-3 7 3v14M9 20v-4h6v4M9 9h.01M15 9h.01M9 12.5h.01M15 12.5h.01",
  system: "M4 13h3.5l2-6 4 11 2.2-5H20",
  sun: "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4",
  moon: "M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5Z",
  leave: "M10 5H6v14h4M14 8l4 4-4 4M18 12H9",
  back: "M14 6l-6 6 6 6",
  flag: "M6 20V5h11l-2 3.5 2 3.5H6",
  play: "M8 5.5v13l10-6.5z",
  pause: "M9 6v12M15 6v12",
  stop: "M7 7h10v10H7z",
  close: "M7 7l10 10M17 7 7 17",
  send: "M4 12h15M13 6l6 6-6 6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: string }) {
  return (
    <svg class="drawing" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name as IconName] ?? ""} />
    </svg>
  );
}
