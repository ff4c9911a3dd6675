// What an Express application serves, read from its own table of routes: for tests that must not forget one.
import type { Express } from "express";

export interface Served {
  /** In lower case; "all" alone for a place that looks at the method itself. */
  readonly methods: readonly string[];
  /** As OpenAPI writes it: /api/calls/{call_id}. */
  readonly path: string;
}

/** Methods of one place here; Express knows more than thirty. */
const MOST_METHODS = 7;

/** The part of Express's own table that is read here. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle?: { readonly stack?: readonly Layer[] };
}

export function servedBy(app: Express): readonly Served[] {
  const all: Served[] = [];
  const walk = (layers: readonly Layer[]): void => {
    for (const { route, handle } of layers) {
      if (handle?.stack) walk(handle.stack);
      if (!route) continue;
      const named = Object.keys(route.methods).filter((method) => method !== "_all");
      // Beside its own methods a place may have an end for all others, which serves none; what serves all names every one there is.
      const isAll = named.length === 0 || named.length > MOST_METHODS;
      const methods = isAll ? ["all"] : named;
      all.push({ methods, path: route.path.replaceAll(/:(\w+)/g, "{$1}") });
    }
  };
  walk((app.router as unknown as { readonly stack: readonly Layer[] }).stack);
  return all;
}
