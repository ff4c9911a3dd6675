// What the operator says of MCP servers: which there are, how each is reached, for whom, how long and how much, and what is risky.
// Strict, so that a misspelt field is an error and not a limit that does not hold.
import { z } from "zod";
import { SERVER_NAME } from "../../wire/rest/organization.ts";

const whole = (low: number, high: number) => z.number().int().min(low).max(high);
const text = (most: number) => z.string().min(1).max(most);
const risk = z.enum(["safe", "risky"]);

const tool = z.strictObject({
  risk: risk.optional(),
  enabled: z.boolean().optional(),
  per_minute: whole(1, 10_000).optional(),
});

const stdio = z.strictObject({
  command: text(500),
  args: z.array(z.string().max(2000)).max(50).default([]),
  /** Beside a small safe part of our own; ${NAME} stands for a variable of it. */
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(4000)).default({}),
  cwd: text(500).optional(),
});

const http = z
  .strictObject({
    url: z.url({ protocol: /^https?$/, error: "must be an https:// address" }),
    headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().max(4000)).default({}),
    /** It may stand on this machine or in a private network, and speak plain http. */
    allow_private: z.boolean().default(false),
  })
  .refine(({ url, allow_private: isPrivate }) => isPrivate || url.startsWith("https:"), {
    message: "must be https:// (http:// only with allow_private)",
    path: ["url"],
  })
  .refine(({ url }) => !URL.canParse(url) || new URL(url).username + new URL(url).password === "", {
    message: "must have no password in it: use headers",
    path: ["url"],
  });

const server = z
  .strictObject({
    stdio: stdio.optional(),
    http: http.optional(),
    /** Ids; nobody by default. */
    organizations: z.union([z.literal("all"), z.array(text(63)).max(1000)]).default([]),
    /** Names of keys and users, of whichever organization. */
    users: z.array(text(100)).max(1000).default([]),
    /** Of its tools; those of a desktop that act are risky whatever stands here. */
    risk: risk.default("safe"),
    tools: z.record(text(128), tool).default({}),
    timeout_ms: whole(50, 55_000).default(8000),
    max_result_bytes: whole(1000, 1_000_000).default(65_536),
    max_concurrent: whole(1, 100).default(4),
    /** Runs of each tool a minute, of one call. */
    per_minute: whole(1, 10_000).default(30),
  })
  .refine((one) => (one.stdio === undefined) !== (one.http === undefined), "needs either stdio or http");

export const mcpServers = z.strictObject({
  confirmation: z
    .strictObject({
      seconds: whole(5, 600).default(60),
      /** Said while it is waited for. */
      say: text(300).default("That has to be confirmed on the page first. I am waiting for it."),
    })
    .default({ seconds: 60, say: "That has to be confirmed on the page first. I am waiting for it." }),
  servers: z
    .record(z.string(), server)
    .refine(
      (all) => Object.keys(all).every((name) => SERVER_NAME.test(name)),
      "names must be lower-case letters, digits and -, at most 24, beginning with a letter",
    ),
});

export type McpServers = z.infer<typeof mcpServers>;
export type McpServer = McpServers["servers"][string];
