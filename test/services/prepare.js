// Before the first of these tests: are the Debian packages there that they need, and is the server built? One message names all
// that is missing.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Package by the commands that are used of it. */
const PACKAGES = {
  "espeak-ng": ["espeak-ng"],
  sox: ["sox", "soxi"],
  chromium: ["chromium"],
  pgbouncer: ["/usr/sbin/pgbouncer"],
  postgresql: ["pg_ctlcluster"],
  openssl: ["openssl"],
  "redis-server": ["redis-server"],
};
/** A package that brings no command: it is asked for in Python, Debian's own where another one comes first. */
const PYTHONS = ["python3", "/usr/bin/python3"];
const PYTHON = { "python3-requests": "import requests" };
const BUILD = fileURLToPath(new URL("../../scripts/build.mjs", import.meta.url));

/** @param {string} command */
function isThere(command) {
  if (command.startsWith("/")) return existsSync(command);
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @param {string} statement */
const canPython = (statement) =>
  PYTHONS.some((python) => spawnSync(python, ["-c", statement], { stdio: "ignore" }).status === 0);

export default function prepare() {
  const missing = [
    ...Object.entries(PACKAGES).filter(([, commands]) => !commands.every(isThere)),
    ...Object.entries(PYTHON).filter(([, statement]) => !canPython(statement)),
  ];
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(" ");
    throw new Error(
      `these tests need Debian packages that are not installed: ${names}\n` +
        `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`,
    );
  }
  const { status } = spawnSync(process.execPath, [BUILD, "--if-stale"], { stdio: "inherit" });
  if (status !== 0) throw new Error("the server could not be built");
}
