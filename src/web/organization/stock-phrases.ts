// The stock phrases of an organization's form: what each is called, when it is said, and the program's own words for it (a test compares
// them with the recordings).
import { text, type Fields } from "./field-kinds.ts";

const FILLER = "While the answer is being thought of; these take turns";
const UNSAID = "Recorded, and said nowhere at present";

export const STOCK_PHRASES: Fields = {
  hold: text("One moment", "While a connection to the voice is waited for", "One moment, please."),
  trouble: text("Trouble on our side", UNSAID, "I am having trouble on my side. One moment while I reconnect."),
  sorry: text(
    "No answer",
    "When the answer to the caller failed, in place of it",
    "I am sorry, something went wrong on my side. Please try again.",
  ),
  "apology-end": text(
    "Apology at the end",
    UNSAID,
    "I am sorry, I can not help you right now. Please call again later. Goodbye.",
  ),
  "say-again": text(
    "Not understood",
    "When the caller spoke and no word could be made out",
    "Sorry, I did not catch that. Could you say it again?",
  ),
  "filler-1": text("Filler 1", FILLER, "Let me check that."),
  "filler-2": text("Filler 2", FILLER, "One moment."),
  "filler-3": text("Filler 3", FILLER, "I am looking into it."),
  "filler-4": text("Filler 4", FILLER, "Still working on it."),
  "still-there": text("Are you there?", "When nobody has said anything for a while", "Are you still there?"),
  "silence-goodbye": text(
    "Goodbye after silence",
    "When the caller still says nothing; then the call ends",
    "I can not hear you, so I will hang up now. Goodbye.",
  ),
  "time-up": text(
    "Time is up",
    "When the call has lasted as long as it may, or a limit of cost is reached; then it ends",
    "We are out of time for this call. Goodbye.",
  ),
  "cut-off": text(
    "Back after a break",
    "When the line was lost and the caller is back",
    "I am sorry, we were cut off. Please say that again, or just go on.",
  ),
  transfer: text("Putting through", "Before the caller is connected to a person", "Please hold while I connect you."),
  shutdown: text(
    "The server stops",
    "When the server is stopped during the call; then it ends",
    "I have to hang up, please call again. Goodbye.",
  ),
};
