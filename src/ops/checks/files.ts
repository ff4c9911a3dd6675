// Files that settings name. A file that cannot be used at all is a matter of the settings; here is what is in it, and what is not.
import { ok, skipped, warn, type Check, type Subject } from "./check.ts";

/** How the remark of the settings begins that is told here instead. */
export const OF_PRICES = "PRICES_FILE lacks";

export function fileChecks({ config }: Subject): readonly Check[] {
  const { PRICES_FILE: path, prices, warnings } = config;
  return [
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
