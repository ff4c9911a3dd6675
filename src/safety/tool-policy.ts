// What a tool may do, for whom, and on whose word: the rules, outside of any model. Pure; tool-gate.ts holds every run to them.
import type { Risk, Tool } from "../core/tool.ts";

/** For whom a tool is there. */
export interface ToolUser {
  readonly orgId: string;
  /** Set by the server; absent for a caller nobody vouches for. */
  readonly userId?: string | undefined;
}

export interface ToolUse {
  readonly tool: Pick<Tool, "name" | "risk" | "scope" | "perMinute">;
  readonly who: ToolUser;
  /** This one included. */
  readonly runsThisMinute: number;
  /** Of the arguments, as JSON. */
  readonly argumentsLength: number;
}

export type Ruling =
  | { readonly kind: "run" }
  /** Only after somebody confirmed it who is not the voice of the caller. */
  | { readonly kind: "confirm" }
  | { readonly kind: "refuse"; readonly code: string; readonly message: string };

/** These act on somebody's desktop, whatever a settings file says of them. */
const ALWAYS_RISKY: ReadonlySet<string> = new Set(["powershell", "type", "click", "app", "drag"]);
/** Characters; no tool needs more, and whoever confirms has to be able to read what they confirm. */
const LONGEST_ARGUMENTS = 32_768;
const LONGEST_CONFIRMED = 2048;

/** `name` as the server calls the tool or as it is offered: desktop__Powershell-Tool is Powershell. */
export function isAlwaysRisky(name: string): boolean {
  const bare = (name.split("__").at(-1) ?? name).toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return ALWAYS_RISKY.has(bare) || ALWAYS_RISKY.has(bare.replace(/tool$/, ""));
}

export const riskOf = ({ name, risk }: Pick<Tool, "name" | "risk">): Risk =>
  isAlwaysRisky(name) ? "risky" : (risk ?? "safe");

/** A tool without a scope is everybody's. */
export function isFor({ scope }: Pick<Tool, "scope">, { orgId, userId }: ToolUser): boolean {
  if (!scope) return true;
  return (
    scope.organizations === "all" ||
    scope.organizations.includes(orgId) ||
    (userId !== undefined && scope.users.includes(userId))
  );
}

export function ruleOn({ tool, who, runsThisMinute, argumentsLength }: ToolUse): Ruling {
  if (!isFor(tool, who)) return refuse("not-allowed", "This tool is not allowed here. Say that you cannot do that.");
  if (argumentsLength > LONGEST_ARGUMENTS) return refuse("too-long", "The arguments are too long.");
  if (tool.perMinute !== undefined && runsThisMinute > tool.perMinute)
    return refuse("too-often", "The tool was used too often in the last minute. Go on without it, or wait.");
  if (riskOf(tool) === "safe") return { kind: "run" };
  if (argumentsLength > LONGEST_CONFIRMED)
    return refuse("too-long", "The arguments are too long for a person to confirm them. Do it in smaller steps.");
  return { kind: "confirm" };
}

const refuse = (code: string, message: string): Ruling => ({ kind: "refuse", code, message });
