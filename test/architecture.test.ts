// The levels of the tree: imports point down only, edges do not know each other, a vendor's package has one owner. Read from
// the sources, so that it needs no build.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../src", import.meta.url));
const EDGES = [
  "channels",
  "api",
  "http",
  "speech",
  "assistants",
  "tools",
  "safety",
  "state",
  "storage",
  "observe",
  "recording",
  "organizations",
  "memories",
];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  wire: [],
  audio: ["core"],
  bridge: ["core"],
  sim: ["wire", "audio"],
  // Runs in a browser, and knows the server by its API alone.
  web: [],
  ...Object.fromEntries(EDGES.map((edge) => [edge, ["core", "wire", "audio"]])),
  // The commands are composition roots of their own, as main.ts is one: they put together what they need of the edges that know a
  // vendor, or the store. Of the root they may have what reads settings, or they would be servers; a test below holds them to it.
  ops: [
    "core",
    "wire",
    "audio",
    "channels",
    "observe",
    "storage",
    "speech",
    "assistants",
    "state",
    ".",
    "organizations",
    "tools",
  ],
};
/** Packages that are imported as values in one room only. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  openai: ["speech", "assistants", "ops"],
  twilio: ["channels", "sim", "ops"],
  winston: ["observe"],
  "prom-client": ["observe"],
  express: ["http", "channels", "api", "sim"],
  "express-ws": ["http"],
  ws: ["http", "speech", "sim"],
  preact: ["web"],
  "@preact/signals": ["web"],
  "wavesurfer.js": ["web"],
  alawmulaw: ["audio"],
  "wasm-media-encoders": ["audio"],
  "mpg123-decoder": ["audio"],
  "opus-decoder": ["audio"],
  "file-type": ["speech"],
  "music-metadata": ["speech"],
  multer: ["api"],
  redis: ["state"],
  dotenv: [".", "ops"],
  kysely: ["storage"],
  pg: ["storage"],
  "@tavily/core": ["tools"],
  "@electric-sql/pglite": ["storage"],
  "@electric-sql/pglite-pgvector": ["storage"],
  "@modelcontextprotocol/client": ["tools"],
  "@modelcontextprotocol/server": ["sim"],
};
/** Folders that belong to the root: the parts of app.ts and config.ts. */
const ROOT_FOLDERS = ["app", "config"];
const MOST_LINES = 262;
const ALLOWED_LONGER: Readonly<Record<string, number>> = { "bridge/bridge.ts": 300 };

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : /\.tsx?$/.test(path) ? [path] : [];
  });
}

const files = sources(SRC).map((path) => {
  const text = readFileSync(path, "utf8");
  const name = relative(SRC, path);
  const room = roomNamed(name);
  const imports = [
    ...text.matchAll(/^\s*(?:import|export)\s+(type\s+)?[^"']*?from\s+["']([^"']+)["']|import\(["']([^"']+)["']\)/gm),
  ].map((match) => ({ type: Boolean(match[1]), from: (match[2] ?? match[3]) as string }));
  return { path, name, room, text, imports };
});

function roomNamed(path: string): string {
  const [folder = ".", rest] = path.split("/", 2);
  return rest === undefined || ROOT_FOLDERS.includes(folder) ? "." : folder;
}

function roomOf(from: string, importer: string): string | undefined {
  if (!from.startsWith(".")) return undefined;
  const target = relative(SRC, join(dirname(importer), from));
  return roomNamed(target);
}

test("imports point down only, and edges do not know each other", () => {
  const breaches = files.flatMap(({ name, path, room, imports }) =>
    imports.flatMap(({ from }) => {
      const target = roomOf(from, path);
      if (target === undefined || target === room || room === ".") return [];
      return MAY_IMPORT[room]?.includes(target) ? [] : [`${name} imports ${from}`];
    }),
  );
  expect(breaches).toEqual([]);
});

test("every room is known, and the root imports sims nowhere", () => {
  expect(files.filter(({ room }) => room !== "." && !MAY_IMPORT[room]).map(({ name }) => name)).toEqual([]);
  const breaches = files.filter(
    ({ path, room, imports }) => room === "." && imports.some(({ from }) => roomOf(from, path) === "sim"),
  );
  expect(breaches.map(({ name }) => name)).toEqual([]);
});

test("the page is part of no server", () => {
  const breaches = files.flatMap(({ name, path, room, imports }) =>
    imports
      .filter(({ from }) => room !== "web" && roomOf(from, path) === "web")
      .map(({ from }) => `${name} imports ${from}`),
  );
  expect(breaches).toEqual([]);
  expect(files.some(({ name }) => name.startsWith("web/") && name.endsWith(".tsx"))).toBe(true);
});

test("a command reads the configuration and starts no server of its own", () => {
  const settings = /^(\.\.\/)+(config|app\/settings)\.ts$/;
  const breaches = files.flatMap(({ name, path, room, imports }) =>
    imports
      .filter(({ from }) => room === "ops" && roomOf(from, path) === "." && !settings.test(from))
      .map(({ from }) => `${name} imports ${from}`),
  );
  expect(breaches).toEqual([]);
  expect(files.some(({ room }) => room === "ops")).toBe(true);
});

test("packages are imported as values by their owners only; core and wire stay free of them", () => {
  const breaches = files.flatMap(({ name, room, imports }) =>
    imports.flatMap(({ from, type }) => {
      if (type || from.startsWith(".") || from.startsWith("node:")) return [];
      const packageName = from.startsWith("@") ? from.split("/").slice(0, 2).join("/") : (from.split("/")[0] as string);
      if (room === "core") return [`${name} imports ${from}`];
      if (room === "wire" && packageName !== "zod") return [`${name} imports ${from}`];
      const owners = OWNERS[packageName];
      return owners && !owners.includes(room) ? [`${name} imports ${from}`] : [];
    }),
  );
  expect(breaches).toEqual([]);
});

test("the environment is read in config.ts and handed in by main.ts, nowhere else", () => {
  const readers = files.filter(({ text, room }) => /process\.env/.test(text) && room !== "sim").map(({ name }) => name);
  expect(readers.filter((name) => name !== "config.ts" && name !== "main.ts" && !name.startsWith("ops/"))).toEqual([]);
});

test("files are short and open with a sentence", () => {
  const long = files
    .map(({ name, text }) => ({ name, lines: text.split("\n").length - 1 }))
    .filter(({ name, lines }) => lines > (ALLOWED_LONGER[name] ?? MOST_LINES));
  expect(long).toEqual([]);
  expect(files.filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text)).map(({ name }) => name)).toEqual([]);
});

test("no drawers", () => {
  const drawers = /(^|\/)(utils?|helpers?|types|services?|managers?|misc|common)(\.ts|\/)/;
  expect(files.filter(({ name }) => drawers.test(name)).map(({ name }) => name)).toEqual([]);
});
