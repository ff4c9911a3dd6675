// What a conversation with the personal assistant is made of: the organization's side of it, the user's tools, what is remembered of them,
// and the instructions that come of all that.
import { fixedPersonalInstructions, personalInstructions } from "../../assistants/index.ts";
import { runTool } from "../../bridge/run-tool.ts";
import type { Clock } from "../../core/clock.ts";
import type { PlanEscalation } from "../../core/escalation.ts";
import type { CallGuard, Guard } from "../../core/guard.ts";
import { localTime } from "../../core/hours.ts";
import type { Log } from "../../core/observe.ts";
import type { Tool } from "../../core/tool.ts";
import type { Limits } from "../../organizations/budgets.ts";
import type { Directory } from "../../organizations/directory.ts";
import type { VoiceSettings } from "../../speech/session-config.ts";
import type { Kit, Kits } from "../kit.ts";

/** Whom a conversation is with. */
export interface PersonalUser {
  readonly userId: string;
  readonly orgId: string;
}

export interface MakingParts {
  readonly directory: Pick<Directory, "of">;
  readonly kits: Kits;
  readonly clock: Clock;
  readonly log: Log;
}

export type Making = ReturnType<typeof createMaking>;

const OF_THE_DESK: ReadonlySet<string> = new Set(["transfer_call", "complete_intake"]);
const REMEMBERING = "memory_search";
const FIRST_SEARCH = { query: "who is this user: name, work, preferences, projects, routines", limit: 20 };
/** The session waits for it. ms. */
const SEARCH_MS = 3000;

export function createMaking({ directory, kits, clock, log }: MakingParts) {
  const kitOf = (orgId: string): Kit => kits.of(directory.of(orgId));
  const guards = new WeakMap<Kit, Guard>();

  /** Reads with other instructions in mind than that of a call. */
  function guardOf(kit: Kit): Guard {
    const { persona, language } = kit.organization;
    const tools = kit.tools.map(({ name }) => name);
    const guard = guards.get(kit) ?? kit.guardOf(fixedPersonalInstructions({ tools, persona, language }));
    guards.set(kit, guard);
    return guard;
  }

  /**
   * Each behind the gate; those of a desk are of no use to somebody's own assistant. It has a tool that is not configured all the same: its
   * user can do something about that, and it says so instead of not knowing of it.
   */
  function toolsOf(user: PersonalUser): readonly Tool[] {
    return kitOf(user.orgId)
      .at(clock.date(), undefined, user, true)
      .tools.filter(({ name }) => !OF_THE_DESK.has(name));
  }

  /** What is known of the user, as the tool tells it; undefined where there is no memory, or none that answers. */
  async function remembered(
    user: PersonalUser,
    tools: readonly Tool[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const tool = tools.find(({ name }) => name === REMEMBERING);
    if (!tool) return undefined;
    const { output, result } = await runTool(
      new Map([[tool.name, { ...tool, run: tool.run.bind(tool), timeoutMs: Math.min(tool.timeoutMs, SEARCH_MS) }]]),
      { callId: "first", name: tool.name, arguments: JSON.stringify(FIRST_SEARCH) },
      {
        // A tool's runs are counted by call: this is the user's own.
        callId: `before ${user.orgId}/${user.userId}`,
        ...user,
        signal,
        endAfterReply: () => undefined,
        escalate: () => ({ mode: "flag", say: "" }),
        intake: () => undefined,
        keepIntake: () => undefined,
      },
      clock,
    );
    if (result === "ok") return output;
    log.warn("the memories were not searched at the beginning", { result });
    return undefined;
  }

  return {
    toolsOf,
    async instructions(user: PersonalUser, tools: readonly Tool[], signal: AbortSignal): Promise<string> {
      const { organization, mark } = kitOf(user.orgId);
      const memories = await remembered(user, tools, signal);
      const told = personalInstructions({
        user: user.userId,
        tools: tools.map(({ name }) => name),
        now: localTime(clock.date(), "UTC"),
        persona: organization.persona,
        language: organization.language,
        ...(memories !== undefined && { memories }),
      });
      return `${told}\n${mark}\n`;
    },
    voice(
      user: PersonalUser,
      wish: Pick<VoiceSettings, "model" | "voice" | "instructions">,
      tools: readonly Tool[],
    ): VoiceSettings {
      const { voice } = kitOf(user.orgId).at(clock.date());
      return { ...voice, mode: "speech-to-speech", ...wish, tools };
    },
    /** Nobody can be dialled from a browser: what is said to the user is said, and the record has it. */
    escalations({ orgId }: PersonalUser): PlanEscalation {
      const { planEscalation } = kitOf(orgId).at(clock.date());
      return (request, id, earlier) => {
        const { ending, ...plan } = planEscalation(request, id, earlier);
        return { ...plan, ...(ending && { note: NOBODY }) };
      };
    },
    guard: ({ orgId }: PersonalUser): CallGuard => guardOf(kitOf(orgId)).forCall(),
    limits: ({ orgId }: PersonalUser): Limits => kitOf(orgId).organization.limits ?? {},
  };
}

const NOBODY = "Somebody was told. Nobody can be put through here: say so, and help as far as you can.";
