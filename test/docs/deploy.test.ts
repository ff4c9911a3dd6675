// What of the image, the compose file and docs/deploy.md can be checked without Docker: that the paths exist, the variables are
// ours, and the pieces say the same.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { parse } from "yaml";
import { VOICE_PATHS } from "../../src/channels/phone/paths.ts";
import { readConfig, VARIABLE_NAMES } from "../../src/config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const major = /\d+/.exec((JSON.parse(read("package.json")) as { engines: { node: string } }).engines.node)?.[0];

/** A Dockerfile's instructions, with lines that go on joined. */
function instructions(): { readonly name: string; readonly rest: string }[] {
  const text = read("Dockerfile")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "");
  return text.split("\n").flatMap((line) => {
    const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (line !== "" && !name) throw new Error(`not an instruction: ${line}`);
    return name && rest ? [{ name, rest }] : [];
  });
}
const all = (wanted: string): string[] => instructions().flatMap(({ name, rest }) => (name === wanted ? [rest] : []));
/** Those of the last stage: what runs. */
const last = (wanted: string): string[] => {
  const lines = instructions();
  const from = lines.findLastIndex(({ name }) => name === "FROM");
  return lines.slice(from).flatMap(({ name, rest }) => (name === wanted ? [rest] : []));
};

test("however it is started, Node is told the same", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: { start: string } };
  const command = /node (?:--\S+ )+dist\/main\.js$/;
  expect(scripts.start).toMatch(command);
  expect(command.exec(read("Procfile").trim())?.[0]).toBe(scripts.start);
  expect(
    all("CMD").some((rest) => rest.startsWith("[") && (JSON.parse(rest) as string[]).join(" ") === scripts.start),
  ).toBe(true);
  expect(/^ExecStart=\/usr\/bin\/(.*)$/m.exec(read("docs/deploy.md"))?.[1]).toBe(scripts.start);
});

describe("the Dockerfile", () => {
  const fromHere = all("COPY").filter((rest) => !rest.startsWith("--from="));
  const sources = fromHere.flatMap((rest) => rest.split(" ").slice(0, -1));

  test("copies what is there, and nothing that .dockerignore keeps out", () => {
    expect(sources).toEqual(expect.arrayContaining(["package.json", "src", "assets", "scripts/build.mjs"]));
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const lines = read(".dockerignore")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines[0]).toBe("*");
    expect(
      lines
        .slice(1)
        .map((line) => line.replace(/^!/, ""))
        .toSorted(),
    ).toEqual([...new Set(sources)].toSorted());
  });

  test("takes what it copies between stages from stages that make it", () => {
    const stages = new Set(all("FROM").flatMap((rest) => / AS (\w+)$/.exec(rest)?.[1] ?? []));
    for (const rest of all("COPY").filter((one) => one.startsWith("--from="))) {
      const [, stage, path] = /^--from=(\w+) \/app\/(\S+) \2$/.exec(rest) ?? [];
      expect(stages).toContain(stage);
      expect(["node_modules", "dist"]).toContain(path);
    }
  });

  test("has every file the compiler's settings ask for", () => {
    const { extends: base } = JSON.parse(read("tsconfig.build.json")) as { extends: string };
    expect(sources).toContain(base.replace("./", ""));
  });

  test("runs our Node, our program, without rights, and is stopped and watched as meant", () => {
    for (const rest of all("FROM")) expect(rest).toMatch(new RegExp(`^node:${major}-slim( AS \\w+)?$`));
    const [command] = last("CMD");
    const script = (JSON.parse(command ?? "[]") as string[]).at(-1) ?? "";
    expect(existsSync(join(ROOT, script.replace("dist", "src").replace(/\.js$/, ".ts")))).toBe(true);
    expect(last("USER")).toEqual(["node"]);
    expect(last("STOPSIGNAL")).toEqual(["SIGTERM"]);
    expect(all("RUN").some((rest) => rest.startsWith("npm ci --omit=dev"))).toBe(true);
    const [health = ""] = last("HEALTHCHECK");
    const path = /PORT \|\| 5000\}(\/\w+)/.exec(health)?.[1];
    expect(read("src/http/health.ts")).toContain(`"${path}"`);
    const check = JSON.parse(/CMD (\[.*\])$/.exec(health)?.[1] ?? "") as string[];
    expect(check.slice(0, 2)).toEqual(["node", "-e"]);
    expect(() => new Script(check[2] ?? "(")).not.toThrow();
  });

  test("sets variables that exist, as a server takes them, and a volume where the data is", () => {
    const set = Object.fromEntries(
      last("ENV").flatMap((rest) => rest.split(" ").map((pair) => pair.split("=", 2) as [string, string])),
    );
    expect(Object.keys(set).filter((name) => !VARIABLE_NAMES.includes(name))).toEqual([]);
    const config = readConfig(set);
    expect(last("VOLUME")).toEqual([config.DATA_DIR]);
    expect(last("EXPOSE")).toEqual([String(config.PORT)]);
  });
});

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly env_file?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
}

describe("compose.yaml", () => {
  const { services, volumes } = parse(read("compose.yaml")) as {
    services: Readonly<Record<"server" | "postgres" | "redis", Service>>;
    volumes: Readonly<Record<string, null>>;
  };
  const { server, postgres, redis } = services;

  test("gives the server variables that exist, with values it takes", () => {
    const set = server.environment ?? {};
    expect(Object.keys(set).filter((name) => !VARIABLE_NAMES.includes(name))).toEqual([]);
    const filled = Object.fromEntries(
      Object.entries(set).map(([name, value]) => [name, value.replace(/\$\{POSTGRES_PASSWORD:\?[^}]*\}/, "0123abcd")]),
    );
    const config = readConfig({ ...filled, SECRET_KEY: "x".repeat(32) });
    const address = new URL(config.DATABASE_URL ?? "");
    expect(services).toHaveProperty(address.hostname);
    expect(services).toHaveProperty(new URL(config.REDIS_URL ?? "").hostname);
    expect([address.username, address.pathname.slice(1)]).toEqual([
      postgres.environment?.POSTGRES_USER,
      postgres.environment?.POSTGRES_DB,
    ]);
    expect(server.ports).toEqual([`127.0.0.1:5000:${config.PORT}`]);
    expect(server.volumes).toEqual([`data:${config.DATA_DIR}`]);
  });

  test("asks for no other variable than docs/deploy.md says", () => {
    const asked = new Set([...read("compose.yaml").matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name as string));
    expect([...asked]).toEqual(["POSTGRES_PASSWORD"]);
    for (const name of [...asked, "SECRET_KEY"]) expect(read("docs/deploy.md")).toContain(`${name}=$(`);
    expect(server.env_file).toBe(".env");
  });

  test("waits for what is healthy, keeps what has to be kept, and gives calls time to end", () => {
    for (const [name, { condition }] of Object.entries(server.depends_on ?? {})) {
      expect(condition).toBe("service_healthy");
      expect(services[name as "postgres"].healthcheck?.test[0]).toBe("CMD");
    }
    expect(Object.keys(server.depends_on ?? {})).toEqual(["postgres", "redis"]);
    const used = Object.values(services).flatMap(({ volumes: mounts = [] }) => mounts.map((one) => one.split(":")[0]));
    expect(new Set(used)).toEqual(new Set(Object.keys(volumes)));
    expect(Number.parseInt(server.stop_grace_period ?? "0", 10)).toBeGreaterThan(readConfig({}).DRAIN_TIMEOUT_S + 15);
    expect(redis.image).toMatch(/^redis:([7-9]|6\.2)/);
    expect(server.build).toBe(".");
  });
});

describe("docs/deploy.md", () => {
  const page = read("docs/deploy.md");

  test("names files, commands and paths that exist", () => {
    expect(page).toContain(`\`${VOICE_PATHS.stream}\``);
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> };
    for (const [, name] of page.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(name);
    for (const [, name] of page.matchAll(/\bdist\/([\w/-]+)\.js\b/g))
      expect([name, existsSync(join(ROOT, "src", `${name}.ts`))]).toEqual([name, true]);
    for (const [, name] of page.matchAll(/`([A-Z][A-Z0-9]+_[A-Z0-9_]+)`/g))
      expect([...VARIABLE_NAMES, "POSTGRES_PASSWORD"]).toContain(name);
  });

  test("the links within the page lead somewhere", () => {
    const headings = [...page.matchAll(/^##+ (.*)$/gm)].map(([, title]) =>
      (title ?? "")
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    for (const [, anchor] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor);
  });

  test("the unit and the proxies wait as long as a call takes to end, and lasts", () => {
    const { DRAIN_TIMEOUT_S } = readConfig({});
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(page)?.[1])).toBeGreaterThan(DRAIN_TIMEOUT_S + 15);
    expect(Number(/proxy_read_timeout (\d+)s;/.exec(page)?.[1])).toBeGreaterThan(55 * 60);
    expect(page).toMatch(/proxy_set_header Upgrade/);
  });
});
