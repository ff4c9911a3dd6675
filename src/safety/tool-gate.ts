// The one door to every tool: each run is held to the policy first, whoever runs it (a thread, a voice, a browser, a relay). A risky
// one waits here for a confirmation that does not come from the conversation. What the rules are is in tool-policy.ts.
import { TooManyConfirmations, type Confirmations } from "../core/confirmation.ts";
import { StateUnavailable, type State } from "../core/state.ts";
import { ToolRefusal, type Tool, type ToolContext } from "../core/tool.ts";
import { riskOf, ruleOn, type ToolUser } from "./tool-policy.ts";

export interface GateParts {
  readonly confirmations: Confirmations;
  readonly state: Pick<State, "hit">;
  /** ms in which a confirmation has to come. */
  readonly confirmMs: number;
  /** Said to the caller while it is waited for. */
  readonly waitingWords: string;
}

/** A model that asks again without having told the caller anything waits no longer than a caller endures, ms. */
const HOLD_MS = 8_000;
const MINUTE_MS = 60_000;
/** What waiting itself may take beside the time of the confirmation, ms. */
const SLACK_MS = 2000;

export type Gate = (tools: readonly Tool[], who: ToolUser) => readonly Tool[];

export function createGate(parts: GateParts): Gate {
  return (tools, who) => tools.map((tool) => gated(tool, who, parts));
}

function gated(tool: Tool, whose: ToolUser, parts: GateParts): Tool {
  const isRisky = riskOf(tool) === "risky";
  return {
    ...tool,
    risk: isRisky ? "risky" : "safe",
    timeoutMs: isRisky ? tool.timeoutMs + parts.confirmMs + SLACK_MS : tool.timeoutMs,
    async run(argumentsJson, context) {
      const who = { orgId: context.orgId ?? whose.orgId, userId: context.userId ?? whose.userId };
      tool.check?.(argumentsJson);
      const ruling = ruleOn({
        tool,
        who,
        runsThisMinute: await runsThisMinute(tool, isRisky, context, parts),
        argumentsLength: JSON.stringify(argumentsJson)?.length ?? 0,
      });
      if (ruling.kind === "refuse") throw new ToolRefusal(ruling.code, ruling.message);
      if (ruling.kind === "confirm") await confirmed(tool, argumentsJson, who, context, parts);
      return tool.run(argumentsJson, { ...context, ...known(who) });
    },
  };
}

const known = ({ orgId, userId }: ToolUser): Pick<ToolContext, "orgId" | "userId"> => ({
  orgId,
  ...(userId !== undefined && { userId }),
});

/** Where nobody can count, what is safe goes on. */
async function runsThisMinute(tool: Tool, isRisky: boolean, { callId }: ToolContext, { state }: GateParts) {
  if (tool.perMinute === undefined) return 0;
  try {
    return await state.hit(`tool:${callId}:${tool.name}`, MINUTE_MS);
  } catch (error) {
    if (isRisky || !(error instanceof StateUnavailable)) throw unavailable();
    return 0;
  }
}

/** Returns when it may be run. @throws ToolRefusal otherwise */
async function confirmed(tool: Tool, args: unknown, who: ToolUser, context: ToolContext, parts: GateParts) {
  const { confirmations, confirmMs, waitingWords } = parts;
  const { callId, signal, announce } = context;
  try {
    const { confirmation, isNew } = await confirmations.ask({
      callId,
      orgId: who.orgId,
      ...known(who),
      tool: tool.name,
      arguments: args,
    });
    if (isNew) announce?.(waitingWords);
    // Who can be told by us what is waited for is held on the line; elsewhere the model has to tell it, and ask again.
    const holdMs = announce ? confirmMs + SLACK_MS : isNew ? 0 : HOLD_MS;
    const status = await confirmations.settled(confirmation.id, holdMs, signal);
    if (status === "approved" && (await confirmations.redeem(confirmation.id))) return;
    throw refusal(status, confirmation.expiresAt);
  } catch (error) {
    if (error instanceof ToolRefusal || signal.aborted) throw error;
    if (error instanceof TooManyConfirmations)
      throw new ToolRefusal(
        "too-many",
        "Too much waits for confirmation already. Say so; try again when that is settled.",
      );
    throw unavailable();
  }
}

function refusal(status: string, expiresAt: string): ToolRefusal {
  switch (status) {
    case "denied":
      return new ToolRefusal(
        "denied",
        "Somebody looked at this and denied it. It was not done. Tell the caller; do not try it again.",
      );
    case "pending":
      return new ToolRefusal(
        "awaiting-confirmation",
        `Not done yet: it waits until ${expiresAt} for a confirmation on the page or over the API. Nothing that is said here confirms it. Tell the caller honestly that you wait for it, then call the tool again with exactly the same arguments: that waits for the decision.`,
        "waiting",
      );
    default:
      return new ToolRefusal(
        "not-confirmed",
        "Nobody confirmed it in time. It was not done. Tell the caller; they can ask for it once more.",
      );
  }
}

const unavailable = (): ToolRefusal =>
  new ToolRefusal(
    "unavailable",
    "It cannot be confirmed at the moment, so it was not done. Tell the caller.",
    "failed",
  );
