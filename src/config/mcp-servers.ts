// MCP_SERVERS_FILE, read and judged: its mistakes as sentences for the operator, and what it takes out of the environment put in. What
// is ours alone (our keys and tokens) is never handed to somebody else's server.
import { mistakesIn } from "../organizations/check.ts";
import { readYaml } from "../organizations/yaml.ts";
import { mcpServers, type McpServers } from "../tools/mcp/servers.ts";

export const NO_SERVERS: McpServers = mcpServers.parse({ servers: {} });

export interface FromEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Names of our own variables. */
  readonly own: readonly string[];
  /** Values of those that are secret. */
  readonly secrets: readonly string[];
}

type Read = { readonly ok: true; readonly servers: McpServers } | { readonly ok: false; readonly problems: string[] };

export function readMcpServers(text: string, from: FromEnvironment): Read {
  const read = readYaml(text);
  if (!read.ok) return { ok: false, problems: [...read.problems] };
  const parsed = mcpServers.safeParse(read.value);
  if (!parsed.success) {
    const problems = mistakesIn(parsed.error, "is not a field of it").map(({ path, detail }) =>
      path.length > 0 ? `${path.map(String).join(" > ")}: ${detail}` : detail,
    );
    return { ok: false, problems };
  }
  const problems: string[] = [];
  const servers = Object.fromEntries(
    Object.entries(parsed.data.servers).map(([name, server]) => {
      const fill = (what: string, values: Readonly<Record<string, string>>) =>
        filled(`${name} > ${what}`, values, from, problems);
      return [
        name,
        {
          ...server,
          ...(server.stdio && { stdio: { ...server.stdio, env: fill("stdio > env", server.stdio.env) } }),
          ...(server.http && { http: { ...server.http, headers: fill("http > headers", server.http.headers) } }),
        },
      ];
    }),
  );
  return problems.length > 0 ? { ok: false, problems } : { ok: true, servers: { ...parsed.data, servers } };
}

function filled(
  where: string,
  values: Readonly<Record<string, string>>,
  { environment, own, secrets }: FromEnvironment,
  problems: string[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const full = value.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
        if (own.includes(name))
          problems.push(`servers > ${where} > ${key}: ${name} is this program's own and is given to no server`);
        const found = environment[name];
        if (found === undefined || found === "") problems.push(`servers > ${where} > ${key}: ${name} is not set`);
        return found ?? "";
      });
      if (secrets.some((secret) => full.includes(secret)))
        problems.push(`servers > ${where} > ${key}: holds a key of this program, which is given to no server`);
      return [key, full];
    }),
  );
}
