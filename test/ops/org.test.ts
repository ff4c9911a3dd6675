// npm run org: out of the store and back, without a server and beside one; what is wrong is listed, and then nothing is changed.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { manageOrganizations } from "../../src/ops/manage-organizations.ts";
import { emptyFolder, startChild } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
beforeAll(async () => {
  folder = await emptyFolder();
  await putDatabase(folder.path);
});
afterAll(() => folder.remove());

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await manageOrganizations(args, {
    environment: { DATA_DIR: folder.path },
    write: (text) => void out.push(text),
    complain: (text) => void err.push(text),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, text);
  return path;
}

const CLINIC = `org_id: clinic
name: Lakeside Clinic
numbers: ["+15550004444"]
hours: { timezone: Europe/Vienna, open: [{ day: 1, from: "08:00", to: "18:00" }] }
`;

test("without a server: made, exported, changed, and only from the version it was made from", async () => {
  const path = await file("clinic.yaml", CLINIC);
  expect(await run("import", path)).toEqual({ code: 0, out: "clinic is made: version 1, for the next call.", err: "" });
  const exported = join(folder.path, "exported.yaml");
  expect(await run("export", "clinic", exported)).toMatchObject({ code: 0, err: "" });
  const text = await readFile(exported, "utf8");
  expect(text).toContain("version: 1\nname: Lakeside Clinic");
  expect((await run("export", "clinic")).out).toBe(text.trimEnd());
  await writeFile(exported, text.replace("Lakeside", "Hillside"));
  expect((await run("import", exported)).out).toBe("clinic is changed: version 2, for the next call.");
  expect(await run("import", exported)).toMatchObject({ code: 3, err: expect.stringContaining("version 2") as string });
  expect((await run("list")).out).toMatch(/^clinic +version 2 .*npm run org +Hillside Clinic$/m);
});

test("everything that is wrong is listed, and nothing is changed", async () => {
  const before = (await run("export", "clinic")).out;
  const path = await file(
    "bad.yaml",
    "org_id: clinic\nnames: x\nhours: { timezone: Mars/Base, open: [] }\nlimits: { concurrent_calls: 0 }\n",
  );
  const done = await run("import", path);
  expect(done.code).toBe(3);
  expect(done.err.split("\n").slice(1)).toEqual([
    expect.stringMatching(/^ {2}\/hours\/timezone must be a time zone/),
    expect.stringMatching(/^ {2}\/limits\/concurrent_calls too small/),
    "  /names is not a field of a configuration",
  ]);
  const money = await run("import", await file("money.yaml", "org_id: clinic\nlimits: { spend_per_day: 5 }\n"));
  expect(money).toMatchObject({ code: 3, err: expect.stringContaining("needs PRICES_FILE") as string });
  const taken = await run("import", await file("taken.yaml", 'org_id: other\nnumbers: ["+15550004444"]\n'));
  expect(taken).toMatchObject({ code: 3, err: expect.stringContaining("belongs to another organization") as string });
  expect((await run("export", "other")).err).toBe("there is no organization other");
  expect((await run("export", "clinic")).out).toBe(before);
});

test.each([
  [["import"], 2, /needs a FILE/],
  [["import", "/nowhere.yaml"], 2, /cannot be read/],
  [["export"], 2, /needs the ID/],
  [["rename", "a"], 2, /there is no rename/],
  [["list", "--what"], 2, /--help/],
])("%j is refused", async (args, code, why) => {
  const done = await run(...args);
  expect(done).toMatchObject({ code, out: "" });
  expect(done.err).toMatch(why);
});

test.each([
  ["a: [1\n", /at line/],
  ["name: x\n", /\/org_id is needed/],
  ["org_id: Bad Id\n", /\/org_id must be lower-case/],
])("a file %j is refused", async (text, why) => {
  const done = await run("import", await file("refused.yaml", text));
  expect(done.code).toBe(3);
  expect(done.err).toMatch(why);
});

test("a running server is asked, and has it in force when the command is done", async () => {
  const server = startChild("src/main.ts", {
    cwd: folder.path,
    env: { HOST: "127.0.0.1", PORT: "0", DATA_DIR: folder.path },
  });
  try {
    await server.says(/STARTED/);
    const garage = await file("garage.yaml", "org_id: garage\nname: Ada's Garage\n");
    expect((await run("import", garage)).out).toBe("garage is made: version 1, for the next call.");
    expect((await run("list")).out).toMatch(/garage[\s\S]*Ada's Garage/);
    const bad = await run("import", await file("bad.yaml", "org_id: garage\nnam: x\nvoice: { speed: 9 }\n"));
    expect(bad).toMatchObject({ code: 3 });
    expect(bad.err.split("\n")).toHaveLength(3);
    expect((await run("export", "garage")).out).toContain("version: 1\nname: Ada's Garage");
  } finally {
    server.signal("SIGTERM");
    await server.exited;
  }
  expect((await run("export", "garage")).out).toContain("Ada's Garage");
});
