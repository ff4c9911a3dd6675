// The fields of an organization's configuration as a person fills them in: a tree with the shape of the schema that validates them
// (wire/rest/organization.ts; a test compares the two). What is wrong with a value the server says.
import { choice, flag, group, list, long, number, phrases, text, type Fields } from "./field-kinds.ts";
import { STOCK_PHRASES } from "./stock-phrases.ts";

export interface Section {
  readonly title: string;
  readonly fields: Fields;
}

const URGENCIES = ["emergency", "high", "normal", "low"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

export const SECTIONS: readonly Section[] = [
  {
    title: "Who answers",
    fields: {
      name: text("Name"),
      greeting: long("Greeting", "The first words of every call; it should say that an AI speaks"),
      language: text("Language", "Such as en or de-AT", "en"),
      numbers: list(
        "Numbers",
        text("Number", undefined, "+15551234567"),
        "Add a number",
        "Calls to these numbers are this organization's",
      ),
      persona: long("Persona", "Who the agent is and how it behaves"),
      facts: list("Facts", long("Fact"), "Add a fact", "What the agent may tell: address, services, prices"),
      business_rules: list("Rules", long("Rule"), "Add a rule", "What the agent has to keep to"),
      tools: list("Tools", text("Tool"), "Add a tool", "Names of those it may use; none: all there are"),
      mcp: group("Tools of MCP servers", {
        servers: list(
          "Servers",
          text("Server"),
          "Add a server",
          "Of those that are allowed for this organization, only these; none: all of them",
        ),
      }),
      memory: group("Memory", {
        phone: flag("Callers are remembered by their number, where the carrier vouches for it"),
      }),
    },
  },
  {
    title: "Hours",
    fields: {
      hours: group("Hours", {
        timezone: text("Time zone", undefined, "Europe/Berlin"),
        open: list(
          "Open",
          group("Open", {
            day: {
              kind: "choice",
              label: "Day",
              options: ["0", "1", "2", "3", "4", "5", "6"],
              names: DAYS,
              isNumber: true,
            },
            from: text("From", undefined, "08:30"),
            to: text("To", undefined, "18:00"),
          }),
          "Add hours",
        ),
        closed: list("Closed all day", text("Date", undefined, "2026-12-25"), "Add a date"),
        after_hours: group("After hours", {
          behaviour: choice("What happens", ["answer", "message", "hang_up"], "answer"),
          greeting: long("Greeting", "Needed to hang up with"),
        }),
      }),
    },
  },
  {
    title: "Voice and thinking",
    fields: {
      voice: group("Voice", {
        name: text("Voice", undefined, "marin"),
        speed: number("Speed", "0.25 to 1.5", 0.05),
        model: text("Model"),
        mode: choice("Way to answer", ["assistant", "speech-to-speech"]),
        transcription_model: text("Transcription model"),
      }),
      turn_detection: group("Turns", {
        type: choice("Found by", ["server_vad", "semantic_vad"]),
        threshold: number("Threshold", "0 to 1; server_vad only", 0.05),
        prefix_padding_ms: number("Sound before speech, ms", "server_vad only"),
        silence_duration_ms: number("Silence that ends a turn, ms", "server_vad only"),
        eagerness: choice("Eagerness", ["low", "medium", "high", "auto"], undefined, "semantic_vad only"),
      }),
      thread: group("Thread", {
        client: choice("Client", ["responses", "assistants", "chat"]),
        model: text("Model"),
        assistant_id: text("Assistant", "Of the client assistants only", "asst_..."),
      }),
    },
  },
  {
    title: "Intake",
    fields: {
      intake: group("Intake", {
        guide: long("Guide", "How the agent goes about it"),
        fields: list(
          "Fields",
          group("Field", {
            name: text("Name", undefined, "caller_name"),
            type: choice("Type", ["text", "number", "boolean", "date", "phone", "choice"]),
            ask: text("What the agent asks"),
            required: flag("Required", true),
            choices: list("Choices", text("Choice"), "Add a choice", "Of the type choice only"),
          }),
          "Add a field",
        ),
      }),
    },
  },
  {
    title: "Escalation",
    fields: {
      escalation: group("Escalation", {
        mode: choice(
          "How",
          ["warm", "cold", "message", "flag"],
          "cold",
          "warm: the person hears a sentence and accepts; cold: joined at once",
        ),
        contacts: list(
          "Contacts",
          group("Contact", {
            name: text("Name"),
            number: text("Number", undefined, "+15551234567"),
            for: { kind: "some", label: "For", options: URGENCIES },
          }),
          "Add a contact",
        ),
        emergency_words: long("Words in an emergency", "Said first, before anybody is dialled"),
        rules: group("Rules", {
          emergency_keywords: phrases("Emergency words"),
          high_priority_keywords: phrases("Urgent words"),
          person_requests: phrases("Ways to ask for a person"),
          uncertainty_patterns: phrases("Signs that this leads nowhere"),
          misunderstandings: number("Misunderstandings in a row", "After these a human is called; 0: never"),
          forbidden: list(
            "Forbidden words",
            group("Word", { phrase: text("Phrase"), instead: text("Said instead") }),
            "Add a word",
          ),
          end_on: list(
            "Words that end the call",
            group("Word", { phrase: text("Phrase"), say: text("What is said then") }),
            "Add a word",
          ),
        }),
      }),
    },
  },
  {
    title: "Recording, limits and outbound calls",
    fields: {
      recording: group("Recording", {
        enabled: flag("Calls are recorded"),
        consent: choice("Consent", ["ask", "announce"], "ask"),
        notice: long("Notice"),
        retention_days: number("Kept, days"),
      }),
      limits: group(
        "Limits",
        {
          concurrent_calls: number("Calls at once"),
          call_minutes: number("Minutes of a call", undefined, 0.5),
          minutes_per_day: number("Minutes a day"),
          spend_per_call: number("Cost of a call", "Needs PRICES_FILE", 0.01),
          spend_per_day: number("Cost of a day", "Needs PRICES_FILE", 0.01),
        },
        "Set by operators",
      ),
      outbound: group("Outbound calls", {
        voicemail: long("Words for an answering machine", "None: hung up silently"),
        greeting: long("Greeting"),
      }),
    },
  },
  {
    title: "Stock phrases",
    fields: {
      phrases: group("Said from stored recordings", STOCK_PHRASES, "Empty: the program's own words"),
    },
  },
];

/** What costs or routes calls of others: for operators alone. */
export const OPERATORS_FIELDS = ["numbers", "limits"];
