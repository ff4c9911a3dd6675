// The demo's server is its own: somebody else at its port is not taken for it.
import { createServer } from "node:http";
import { once } from "node:events";
import { freePort, startServer } from "../../scripts/demo/server-process.ts";

test("one that cannot start is told in its own words, though somebody else answers at its port", async () => {
  const port = await freePort();
  const stranger = createServer((_request, response) => response.end("{}")).listen(port, "127.0.0.1");
  await once(stranger, "listening");
  try {
    const program = "setTimeout(() => { console.error('the port is taken'); process.exit(1); }, 300)";
    const started = startServer({ PORT: String(port) }, ["-e", program]);
    await expect(started).rejects.toThrow(/stopped at its start:\nthe port is taken/);
  } finally {
    stranger.closeAllConnections();
    stranger.close();
  }
});

test("one that says that it has started is stopped by SIGTERM", async () => {
  const program = `
    process.on("SIGTERM", () => process.exit(7));
    console.log(JSON.stringify({ message: "VOICE AGENT SYSTEM STARTED" }));
    setInterval(() => {}, 1000);`;
  const server = await startServer({ PORT: "1" }, ["-e", program]);
  expect(await server.stop()).toBe(7);
});
