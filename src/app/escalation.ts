// What an organization does when somebody or something asks for a human: whom it dials and how, and what is said where it dials
// nobody. Pure.
import type { EscalationOutcome, EscalationRecord, Urgency } from "../core/call.ts";
import type { PlanEscalation } from "../core/escalation.ts";
import type { OrganizationConfig } from "../wire/rest/organization.ts";

export interface EscalationSettings {
  readonly escalation?: OrganizationConfig["escalation"];
  /** Who is dialled where the organization names nobody, E.164. */
  readonly humanNumber?: string | undefined;
  /** Where the organization does not say, the human hears what it is about before they take the call. */
  readonly isBriefed?: boolean;
  /** It is after hours, and nobody is there to take a call; in an emergency somebody is dialled all the same. */
  readonly onlyMessages?: boolean;
}

type Contact = NonNullable<OrganizationConfig["escalation"]>["contacts"][number];

const EVERYTHING: Urgency[] = ["emergency", "high", "normal", "low"];
const NOBODY = "Nobody can be reached now: tell the caller so, and offer to take a message.";
const MISSED: ReadonlySet<EscalationOutcome> = new Set(["declined", "voicemail", "busy", "no-answer", "failed"]);

export function planEscalations(settings: EscalationSettings): PlanEscalation {
  const { escalation, humanNumber, isBriefed = false, onlyMessages = false } = settings;
  const mode = escalation?.mode ?? (isBriefed ? "warm" : "cold");
  const contacts: Contact[] = escalation?.contacts.length
    ? escalation.contacts
    : humanNumber === undefined
      ? []
      : [{ name: "default", number: humanNumber, for: EVERYTHING }];

  return ({ urgency, reason }, escalationId, earlier = []) => {
    const isEmergency = urgency === "emergency";
    const say = (isEmergency && escalation?.emergency_words) || "";
    if (mode === "flag") return { mode, say };
    const mayDial = mode !== "message" && (isEmergency || !onlyMessages);
    const contact = mayDial ? choose(contacts, urgency, earlier) : undefined;
    if (mode === "message" || !contact) return { mode: "message", say, note: NOBODY };
    return {
      mode,
      contact: contact.name,
      say,
      ending: {
        kind: "transfer",
        reason: "transferred",
        to: contact.number,
        note: briefing(reason, isEmergency),
        mode,
        escalationId,
        returns: true,
      },
    };
  };
}

/** The first who is there for it and did not miss this caller before; in an emergency rather the first again than nobody. */
function choose(
  contacts: readonly Contact[],
  urgency: Urgency,
  earlier: readonly EscalationRecord[],
): Contact | undefined {
  const missed = new Set(earlier.filter(({ outcome }) => MISSED.has(outcome)).map(({ contact }) => contact));
  const there = contacts.filter((contact) => contact.for.includes(urgency));
  return there.find(({ name }) => !missed.has(name)) ?? (urgency === "emergency" ? there[0] : undefined);
}

/** One sentence. */
function briefing(reason: string, isEmergency: boolean): string {
  const told = isEmergency && !/^emergency/i.test(reason) ? `Emergency: ${reason}` : reason;
  const sentence = `${told.charAt(0).toUpperCase()}${told.slice(1)}`;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
