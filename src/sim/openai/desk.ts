/**
 * The brain used when a script brings none: the desk of a small car-service shop, by rules, deterministic. It books, tells
 * opening hours, takes a key press, hands over to a person and says goodbye, which is enough for a whole conversation.
 */
import { remembering } from "./remembering.ts";
import type { Brain, BrainInput, BrainReply } from "./script.ts";

interface Rule {
  when: RegExp;
  say: string | ((input: BrainInput) => BrainReply);
}

function withTool(
  input: BrainInput,
  name: string,
  args: Record<string, unknown>,
  offered: string,
  otherwise: string,
): BrainReply {
  return input.tools.includes(name) ? { text: offered, tool: { name, args } } : { text: otherwise };
}

/** Looked at in this order; the first that fits answers. */
const RULES: readonly Rule[] = [
  {
    when: /\b(pressed|keypad|keys?|digits?|dtmf)\b.*\d|^\s*[\d*#]+\s*$/i,
    say: ({ text }) =>
      /[1#]/.test(text)
        ? { text: "Thank you. Your appointment is confirmed, and you will get a text message with the details." }
        : { text: "All right, I have not booked it. Which day and time would suit you better?" },
  },
  {
    when: /\bmy name is (\w+ \w+)/i,
    say: (input) => {
      const [, name = ""] = /\bmy name is (\w+ \w+)/i.exec(input.text) ?? [];
      const [, patient] = /\babout my (\w+)/i.exec(input.text) ?? [];
      const fields = { caller_name: name, ...(patient !== undefined && { patient: `their ${patient}` }) };
      const said = `Thank you, ${name.split(" ")[0]}. What can I do for you?`;
      return withTool(input, "complete_intake", { fields }, said, said);
    },
  },
  {
    when: /\b(person|human|operator|representative|real one|colleague|someone)\b/i,
    say: (input) =>
      withTool(
        input,
        "transfer_call",
        { reason: "the caller asked for a person" },
        "Of course. Please hold while I connect you.",
        "I am sorry, nobody is free right now. I can take your booking myself. Which day would you like?",
      ),
  },
  {
    when: /\b(good ?bye|bye|that is all|that's all|hang up)\b/i,
    say: (input) =>
      withTool(
        input,
        "end_call",
        { reason: "the caller said goodbye" },
        "You are welcome. Have a nice day, and goodbye.",
        "You are welcome. Have a nice day, and goodbye.",
      ),
  },
  {
    when: /\b(open|opening|hours|close|closing)\b/i,
    say: "We are open Monday to Friday from eight in the morning until six in the evening. On Saturday we are open from nine until one.",
  },
  {
    when: /\b(actually|wait|instead|change it|make it)\b.*\b(monday|tuesday|wednesday|thursday|friday|saturday)\b/i,
    say: ({ text }) => ({
      text: `No problem. I have moved it to ${day(text)} at nine. Please press one on your keypad to confirm.`,
    }),
  },
  {
    when: /\b(monday|tuesday|wednesday|thursday|friday|saturday)\b/i,
    say: ({ text }) => ({
      text: `${day(text)} at nine is free. I have put you down for an oil change with our mechanic Maria. The work takes about forty minutes, and you can wait in the lounge with a free coffee. Please press one on your keypad to confirm.`,
    }),
  },
  { when: /\bhow (long|much)\b/i, say: "It takes about forty minutes and costs sixty-nine dollars, all included." },
  {
    when: /\b(oil|book|booking|appointment|service|repair)\b/i,
    say: "I can book an oil change for you. It takes about forty minutes. Which day and time would you like?",
  },
  { when: /\b(stop|quiet|enough)\b/i, say: "All right. What would you like to know?" },
  { when: /\b(thank you|thanks)\b/i, say: "You are welcome. Is there anything else?" },
  {
    when: /\b(hello|hi|hey|good (morning|afternoon|evening))\b/i,
    say: "Hello, this is the service desk. What can I do for you?",
  },
];

function day(text: string): string {
  const found = /monday|tuesday|wednesday|thursday|friday|saturday/i.exec(text)?.[0] ?? "Tuesday";
  return found.charAt(0).toUpperCase() + found.slice(1).toLowerCase();
}

/** What is said once a tool has answered. */
function afterTool(input: BrainInput): BrainReply {
  const last = input.toolOutputs.at(-1);
  const failed = /"?(error|ok"?:\s*false)/i.test(last?.output ?? "");
  if (last?.name === "end_call") {
    if (failed) return { text: "I can not hang up from here, so goodbye." };
    // It has been said in the reply that called the tool.
    const said = input.history.findLast(({ role }) => role === "assistant")?.text ?? "";
    return { text: /\bgoodbye\b/i.test(said) ? "" : "Goodbye." };
  }
  if (last?.name === "transfer_call") {
    return { text: failed ? "I am sorry, I could not reach a colleague. Can I help you instead?" : "One moment." };
  }
  // Said in the reply that took it down.
  if (last?.name === "complete_intake" && !failed) return { text: "" };
  return {
    text: failed
      ? "I am sorry, that did not work. Shall I try something else?"
      : "That is done. Is there anything else?",
  };
}

export const desk: Brain = (input) => {
  if (input.format === "memories") return remembering(input);
  if (input.toolOutputs.length > 0) return afterTool(input);
  if (input.text.trim() === "") return { text: "I am sorry, I did not catch that. Could you say it again?" };
  const rule = RULES.find((one) => one.when.test(input.text));
  if (!rule)
    return { text: `You said: ${input.text.trim()} I can tell you our opening hours or book an oil change for you.` };
  return typeof rule.say === "string" ? { text: rule.say } : rule.say(input);
};
