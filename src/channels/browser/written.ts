// Conversations that are held over requests as well as over a socket, as this channel needs to know them. Where they are kept is not
// known here.
import type { IntakeRecord } from "../../core/call.ts";
import type { SpokenLine } from "../../core/voice.ts";

export interface WrittenTalk {
  readonly orgId: string;
  /** Nothing is said in it any more. */
  readonly isOver: boolean;
  readonly history: readonly SpokenLine[];
  readonly intake?: IntakeRecord;
  /** Whom a key has named as the one who speaks. */
  readonly customer?: string;
  /** The call over a socket in which its last line was said. */
  readonly lastCall?: string;
}

export interface WrittenTalks {
  find(id: string): Promise<WrittenTalk | undefined>;
  /** What is said in this call belongs to it. Returns whom to tell what happens in the call, before anybody else. */
  follow(id: string, callId: string): (type: string, data: Readonly<Record<string, unknown>>) => void;
}
