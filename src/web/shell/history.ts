// Where the person is: the address as a signal, moved by links and by the browser's own buttons.
import { computed, signal } from "@preact/signals";
import { titleOf, viewOf } from "./routes.ts";

const here = (): { readonly path: string; readonly query: string } => ({
  path: location.pathname,
  query: location.search,
});

export const address = signal(here());
export const view = computed(() => viewOf(address.value.path));

addEventListener("popstate", () => (address.value = here()));

/** `replace`: the place left is none to come back to. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  const before = view.value;
  address.value = here();
  document.title = `${titleOf(view.value)} · Voicebridge`;
  if (before.name === view.value.name) return;
  scrollTo(0, 0);
  // Whoever cannot see the page is told that it is another one.
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** Links inside of the page need no loading; with a key held down they are the browser's. */
export function followLink(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest("a");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.target !== "" || link.hasAttribute("download")) return;
  if (viewOf(link.pathname).name === "nothing") return;
  // Within a view the browser itself goes there, and takes the focus along.
  if (link.hash !== "" && link.pathname === location.pathname) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
