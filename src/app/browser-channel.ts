// Puts the browser channel together with the program around it: its doorkeeper, its organizations, its calls.
import { createBrowserChannel, type BrowserChannel, type BrowserChannelOptions } from "../channels/browser/index.ts";
import type { Config } from "../config.ts";
import { DEFAULT_ORG } from "../core/call.ts";
import { Problem } from "../core/problem.ts";
import type { LiveCalls } from "../live-calls.ts";
import type { Directory } from "../organizations/directory.ts";
import type { Management } from "./api.ts";

export interface BrowserChannelParts extends Pick<
  BrowserChannelOptions,
  "state" | "store" | "customers" | "clock" | "ids" | "log" | "meter"
> {
  readonly config: Pick<Config, "OPENAI_API_KEY">;
  readonly directory: Pick<Directory, "all">;
  readonly calls: LiveCalls;
  readonly management: Pick<Management, "admitSocket" | "written">;
}

export function openBrowserChannel({ config, directory, management, ...parts }: BrowserChannelParts): BrowserChannel {
  return createBrowserChannel({
    ...parts,
    written: management.written,
    loseLine: (carrierId) => parts.calls.lineIsOver(carrierId),
    async admit(request, ticket) {
      const guest = await management.admitSocket(request, ticket);
      if (config.OPENAI_API_KEY === undefined) throw new Problem(503, "OPENAI_API_KEY is not set");
      return guest;
    },
    hasOrganization: (orgId) => orgId === DEFAULT_ORG || directory.all().some((known) => known.orgId === orgId),
  });
}
