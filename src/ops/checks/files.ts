// Files that settings name. A file that cannot be used at all is a matter of the settings; here is what is in it, and what is not.
import { createPins } from "../../tools/mcp/pins.ts";
import { ok, skipped, warn, type Check, type Subject } from "./check.ts";

/** How the remark of the settings begins that is told here instead. */
export const OF_PRICES = "PRICES_FILE lacks";

export function fileChecks({ config }: Subject): readonly Check[] {
  const { PRICES_FILE: path, prices, warnings } = config;
  return [
    {
      id: "mcp",
      what: "tools of others",
      async run() {
        const servers = Object.entries(config.mcp.servers);
        if (servers.length === 0) return skipped("MCP_SERVERS_FILE is not set: no tools of other programs");
        const pins = createPins(config.DATA_DIR).read();
        const changed = servers.flatMap(([server]) =>
          Object.entries(pins[server] ?? {}).flatMap(([tool, pin]) => (pin.changed ? [`${server} ${tool}`] : [])),
        );
        if (changed.length > 0) {
          const found = "tools say something else of themselves than was approved, and are off";
          return { ...warn(found, "npm run mcp -- list, then approve"), details: changed };
        }
        const idle = servers.filter(([, { organizations, users }]) => organizations.length + users.length === 0);
        if (idle.length > 0)
          return warn(
            `${idle.map(([name]) => name).join(", ")}: for nobody`,
            "name organizations or users (docs/mcp.md)",
          );
        return ok(`${servers.length} of other programs, nothing of them changed`);
      },
    },
    {
      id: "prices",
      what: "prices",
      async run() {
        if (path === undefined || !prices) return skipped("PRICES_FILE is not set: no cost is shown");
        const lacking = warnings.find((warning) => warning.startsWith(OF_PRICES));
        if (lacking !== undefined) return warn(lacking, "add them (docs/prices.md)");
        return ok(`${path} has prices of all models in use, in ${prices.currency}`);
      },
    },
  ];
}
