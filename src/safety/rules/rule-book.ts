// What a language's rules consist of. Each text holds one pattern a line; {a|b} stands for either (matcher.ts).

export interface RuleBook {
  /** Somebody's life, health or safety is at stake now. */
  readonly emergency: string;
  /** The same, in words that stand apart: "can't ... breathe" (apart.ts). */
  readonly emergencyApart: string;
  /** Cannot wait, but nobody is dying. */
  readonly high: string;
  /** The caller wants a human. */
  readonly person: string;
  /** The caller shows that they are not understood or that this leads nowhere. */
  readonly uncertainty: string;
  /** What the agent says when it does not understand or cannot help. */
  readonly agentUncertainty: string;
  /** The agent itself takes what it heard for an emergency. */
  readonly agentAlarm: string;
  /** Utterances that are emergencies or requests for a person only when nothing else is said. */
  readonly wholeEmergency: string;
  readonly wholePerson: string;
  /** Figures of speech and names: a rule that matches a word of one of these does not count. */
  readonly harmless: string;
  /** What is said in the clause of one of these is of another time or only imagined. */
  readonly elsewhere: string;
  /** Words that deny the very next one only: "no chest pain", but "no, I have chest pain" without its comma is an alarm. */
  readonly strictNegators: string;
  /** Words that deny what follows ... */
  readonly negators: string;
  /** ... with none but these in between. */
  readonly between: string;
  /** Words that deny what stands before them. */
  readonly negatorsAfter: string;
  /** Words that change nothing about an utterance that is only a keyword. */
  readonly courtesies: string;
}
