// All steps of the schema, in order.
import { platform } from "./0001-platform.ts";
import { memories } from "./0003-memories.ts";
import { search } from "./0004-search.ts";
import type { Migration } from "./migration.ts";

export const MIGRATIONS: readonly Migration[] = [platform, memories, search];
