// An organization's side of a browser's call, out of the kit that its phone calls are made of, and its guard.
import type { BridgeSettings } from "../bridge/parts.ts";
import type { Clock } from "../core/clock.ts";
import type { CallGuard } from "../core/guard.ts";
import type { Budgets } from "../organizations/budgets.ts";
import type { Directory } from "../organizations/directory.ts";
import { judgeLine } from "../safety/guard.ts";
import type { BrowserKit, Judge, Took } from "./browser-call-parts.ts";
import type { Kits } from "./kit.ts";
import { createRecent } from "./recent.ts";

/** A guard remembers what repeats in its call; one that was forgotten begins anew. */
const MOST_GUARDS = 1000;

export function createBrowserKits({
  directory,
  kits,
  budgets,
  clock,
}: {
  readonly directory: Directory;
  readonly kits: Kits;
  readonly budgets: Pick<Budgets, "mostCalls" | "took">;
  readonly clock: Clock;
}): { readonly kitOf: (orgId: string) => Promise<BrowserKit>; readonly judge: Judge; readonly took: Took } {
  const guards = createRecent<CallGuard>(MOST_GUARDS);
  const kitOf = (orgId: string) => kits.of(directory.of(orgId));

  return {
    async kitOf(orgId) {
      const kit = kitOf(orgId);
      const { organization } = kit;
      const { voice, tools, settings, planEscalation } = kit.at(clock.date(), undefined, { orgId });
      const most = budgets.mostCalls(orgId, organization.limits ?? {});
      return {
        voice: {
          ...voice,
          mode: "speech-to-speech",
          instructions: `${voice.instructions}\n\n${beginning(settings)}`,
        },
        tools,
        planEscalation,
        maxCallMs: settings.maxCallMs,
        ...(most !== Infinity && { concurrentCalls: most }),
      };
    },
    took: (orgId, ms) => budgets.took(orgId, ms, directory.of(orgId).config.limits ?? {}),
    judge(orgId, line) {
      const { guard } = kitOf(orgId);
      return judgeLine(
        guards.get(line.callId, () => guard.forCall()),
        line,
      );
    },
  };
}

/** A phone call is greeted by us, from a recording; here the engine speaks first. */
const beginning = ({ greeting, onlyGreets }: Pick<BridgeSettings, "greeting" | "onlyGreets">): string =>
  `# The beginning\nNobody has greeted the caller yet. Begin with exactly these words: ${JSON.stringify(greeting)}${
    onlyGreets === undefined ? "" : "\nThen end the call with the tool end_call, whatever the caller says."
  }`;
