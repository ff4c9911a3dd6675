// The contract of memories over memory and over the embedded database, with pgvector and without.
import { systemIds } from "../../src/observe/system.ts";
import { createStorage, type OpenableStorage } from "../../src/storage/index.ts";
import { emptyFolder } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";
import { createMemoryMemories } from "../support/memory-memories.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { memoryContract, ticking } from "./memory-suite.ts";

const most = 12;
const memories = createMemoryMemories({ clock: ticking, ids: systemIds, most });
memoryContract("memory", () => ({ memories, orgs: ["default", "other"] }), { meanings: true, most });

describe.each([true, false])("embedded, pgvector %s", (vectors) => {
  let folder: Awaited<ReturnType<typeof emptyFolder>>;
  let embedded: OpenableStorage;
  beforeAll(async () => {
    folder = await emptyFolder();
    await putDatabase(folder.path);
    embedded = createStorage({
      dataDir: folder.path,
      log: keptLog(),
      meter: keptMeter(),
      clock: ticking,
      ids: systemIds,
      vectors,
      mostMemories: most,
    });
    await embedded.open();
    await embedded.organizations.put("other", {}, 0, "test");
  });
  afterAll(async () => {
    await embedded.close();
    await folder.remove();
  });
  memoryContract("embedded", () => ({ memories: embedded.memories, orgs: ["default", "other"] }), {
    meanings: vectors,
    most,
  });
});
