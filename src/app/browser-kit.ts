// An organization's side of a browser's call, out of the kit that its phone calls are made of, and its guard.
import type { BridgeSettings } from "../bridge/parts.ts";
import type { Clock } from "../core/clock.ts";
import type { CallGuard } from "../core/guard.ts";
import type { Directory } from "../organizations/directory.ts";
import { judgeLine } from "../safety/guard.ts";
import type { BrowserKit, Judge } from "./browser-call-parts.ts";
import type { Kits } from "./kit.ts";
import { createRecent } from "./recent.ts";

/** A guard remembers what repeats in its call; one that was forgotten begins anew. */
const MOST_GUARDS = 1000;

export function createBrowserKits({
  directory,
  kits,
  clock,
}: {
  readonly directory: Directory;
  readonly kits: Kits;
  readonly clock: Clock;
}): { readonly kitOf: (orgId: string) => Promise<BrowserKit>; readonly judge: Judge } {
  const guards = createRecent<CallGuard>(MOST_GUARDS);
  const kitOf = (orgId: string) => kits.of(directory.of(orgId));

  return {
    async kitOf(orgId) {
      const kit = kitOf(orgId);
      const { organization } = kit;
      const { voice, tools, settings, planEscalation } = kit.at(clock.date(), undefined, { orgId });
      const most = organization.limits?.concurrent_calls;
      return {
        voice: {
          ...voice,
          mode: "speech-to-speech",
          instructions: `${voice.instructions}\n\n${beginning(settings)}`,
        },
        tools,
        planEscalation,
        ...(most !== undefined && { concurrentCalls: most }),
      };
    },
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
