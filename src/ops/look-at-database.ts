// Looks at the database of the settings, or asks the running server how its own does. What db:check and the doctor share.
import { explain } from "../storage/explain.ts";
import { examine, type Finding } from "../storage/examine.ts";
import { readAddress } from "../storage/postgres-address.ts";
import { askServer } from "./ask-server.ts";
import { CommandError } from "./command.ts";
import type { StoreSettings } from "./store-settings.ts";

/** Resolves to what is wrong, in words for the person who set it up; undefined when it works. */
export async function lookAtDatabase(
  settings: StoreSettings,
  tell: (finding: Finding) => void,
): Promise<string | undefined> {
  try {
    // The embedded database is the running server's alone: it is asked how it does.
    const answer =
      settings.DATABASE_URL === undefined ? await askServer(settings.DATA_DIR, "store.check", undefined) : undefined;
    if (answer === undefined) await examine(targetOf(settings), tell);
    else if (answer.error === undefined) {
      const { pendingRows } = answer.output as { readonly pendingRows: number };
      tell({ what: "database", found: `embedded, in ${settings.DATA_DIR}, of the running server` });
      tell({ what: "answers", found: `yes; ${pendingRows} rows wait to be written` });
    } else return `The running server says: ${answer.error}.`;
    return undefined;
  } catch (error) {
    return error instanceof CommandError ? error.message : explain(error, whereOf(settings));
  }
}

function targetOf({ DATA_DIR, DATABASE_URL, DATABASE_CA_FILE }: StoreSettings) {
  return {
    dataDir: DATA_DIR,
    ...(DATABASE_URL !== undefined && { databaseUrl: DATABASE_URL }),
    ...(DATABASE_CA_FILE !== undefined && { caFile: DATABASE_CA_FILE }),
  };
}

function whereOf({ DATA_DIR, DATABASE_URL }: StoreSettings): string {
  if (DATABASE_URL === undefined) return DATA_DIR;
  try {
    return readAddress(DATABASE_URL, undefined).where;
  } catch {
    return "DATABASE_URL";
  }
}
