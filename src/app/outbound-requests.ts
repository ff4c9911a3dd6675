// What a command on this machine may ask of the phone: to place a call, under the same rules as everybody.
import { z } from "zod";
import type { AdminHandlers } from "../core/admin.ts";
import { DEFAULT_ORG } from "../core/call.ts";
import type { PlaceCall } from "../core/outbound.ts";
import type { Directory } from "../organizations/directory.ts";

const input = z.strictObject({ to: z.string(), org: z.string().default(DEFAULT_ORG), purpose: z.string().optional() });

export function outboundRequests(place: PlaceCall | undefined, directory: Pick<Directory, "of">): AdminHandlers {
  return {
    async "call.place"(asked) {
      const { to, org, purpose } = input.parse(asked);
      if (!place) throw new Error("calls are not placed here: Twilio is not configured");
      if (org !== DEFAULT_ORG && directory.of(org).version === 0) throw new Error(`there is no organization ${org}`);
      const { callId } = await place({ to, orgId: org, ...(purpose !== undefined && { purpose }) });
      return { call_id: callId };
    },
  };
}
