// Light or dark: as the system says, or as the person chose here.
import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const KEY = "voicebridge-theme";

export const theme = signal<Theme>(remembered());

function remembered(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system"; // A browser that keeps nothing still shows the page.
  }
}

export function applyTheme(): void {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

export function isDark(): boolean {
  return theme.value === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : theme.value === "dark";
}

export function switchTheme(): void {
  theme.value = isDark() ? "light" : "dark";
  applyTheme();
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // It holds until the page is closed.
  }
}
