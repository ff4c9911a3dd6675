// The small parts of the MCP client: which addresses it goes to, how tools are called, what is read of a schema and of an answer.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isPublicAddress } from "../../../src/tools/mcp/addresses.ts";
import { offeredName } from "../../../src/tools/mcp/names.ts";
import { shown } from "../../../src/tools/mcp/results.ts";
import { createSafeFetch, ForbiddenAddress } from "../../../src/tools/mcp/safe-fetch.ts";
import { checkerOf, parametersOf } from "../../../src/tools/mcp/schema.ts";

test.each([
  "127.0.0.1",
  "0.0.0.0",
  "10.1.2.3",
  "172.31.255.255",
  "192.168.0.1",
  "169.254.169.254",
  "100.64.0.1",
  "168.63.129.16",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::808:808",
  "2002:7f00:1::",
  "2001:0:1::1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fe80::1%eth0",
  "ff02::1",
  "2001:db8::1",
  "localhost",
  "127.1",
  "0x7f000001",
  "2130706433",
  "",
])("%s is not public", (address) => expect(isPublicAddress(address)).toBe(false));

test.each(["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001:80b::200e"])(
  "%s is public",
  (address) => expect(isPublicAddress(address)).toBe(true),
);

describe("fetching", () => {
  let server: Server;
  let port: number;
  const seen: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers.host} ${request.url}`);
      if (request.url === "/away") response.writeHead(302, { location: "http://169.254.169.254/" }).end();
      else if (request.url === "/long") response.end("x".repeat(100_000));
      else if (request.url === "/empty") response.writeHead(202).end();
      else request.pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => void (seen.length = 0));

  const at =
    (...addresses: string[]) =>
    async () =>
      addresses.map((address) => ({ address, family: 4 }));

  test("a name is looked at with all of its addresses, and only then connected to", async () => {
    const fetch = (...addresses: string[]) =>
      createSafeFetch({ allowPrivate: false, maxBytes: 1000, resolve: at(...addresses) })(
        `https://mcp.example:${port}/`,
      );
    await expect(fetch("127.0.0.1")).rejects.toBeInstanceOf(ForbiddenAddress);
    await expect(fetch("93.184.216.34", "127.0.0.1")).rejects.toBeInstanceOf(ForbiddenAddress);
    await expect(fetch()).rejects.toThrow("has no address");
    expect(seen).toEqual([]);
  });

  test.each(["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "localhost"])(
    "https://%s is not gone to",
    async (host) => {
      const fetch = createSafeFetch({ allowPrivate: false, maxBytes: 1000 });
      await expect(fetch(`https://${host}:${port}/`)).rejects.toBeInstanceOf(ForbiddenAddress);
      expect(seen).toEqual([]);
    },
  );

  test("it is asked once what the name means, and that address is the one connected to", async () => {
    let asked = 0;
    const fetch = createSafeFetch({
      allowPrivate: true,
      maxBytes: 1000,
      // The second answer is what a rebinding name would give.
      resolve: async () => [{ address: asked++ === 0 ? "127.0.0.1" : "192.0.2.1", family: 4 }],
    });
    const answer = await fetch(`http://mcp.example:${port}/echo`, { method: "POST", body: "grüß" });
    expect([answer.status, await answer.text(), asked]).toEqual([200, "grüß", 1]);
    expect(seen).toEqual([`POST mcp.example:${port} /echo`]);
  });

  test("no redirects, no endless answers, no plain http", async () => {
    const fetch = createSafeFetch({ allowPrivate: true, maxBytes: 1000 });
    await expect(fetch(`http://127.0.0.1:${port}/away`)).rejects.toThrow("elsewhere");
    const long = await fetch(`http://127.0.0.1:${port}/long`, { method: "POST", body: "" });
    await expect(long.text()).rejects.toThrow("too long");
    expect((await fetch(`http://127.0.0.1:${port}/empty`, { method: "POST" })).status).toBe(202);
    const strict = createSafeFetch({ allowPrivate: false, maxBytes: 1000, resolve: at("93.184.216.34") });
    await expect(strict("http://mcp.example/")).rejects.toThrow("not https");
    await expect(fetch("file:///etc/passwd")).rejects.toThrow("not https");
  });

  test("who called it off is not kept waiting", async () => {
    const fetch = createSafeFetch({ allowPrivate: true, maxBytes: 1000 });
    await expect(fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
  });
});

test("names: in the characters and the length of models, and each once", () => {
  expect(offeredName("desktop", "Click-Tool")).toBe("desktop__Click-Tool");
  const odd = offeredName("desktop", "größe/ändern");
  expect(odd).toMatch(/^desktop__gr__e__ndern_[0-9a-f]{8}$/);
  expect(offeredName("desktop", "grüße/ändern")).not.toBe(odd);
  const long = offeredName("desktop", "a".repeat(100));
  expect(long).toHaveLength(64);
  expect(offeredName("desktop", "a".repeat(101))).not.toBe(long);
  expect(offeredName("desktop", "x", new Set(["desktop__x"]))).toMatch(/^desktop__x_/);
});

test("a schema without somebody's regular expressions still says what fits", async () => {
  const inputSchema = {
    type: "object" as const,
    properties: {
      pattern: { type: "string", pattern: "^(a+)+$" },
      when: { type: "string", format: "date" },
      kind: { enum: ["pattern", "format"] },
      deep: { type: "array", items: { anyOf: [{ type: "string", pattern: "(x+x+)+y" }] } },
    },
    required: ["pattern"],
  };
  const parameters = parametersOf({ inputSchema });
  expect(JSON.stringify(parameters)).not.toContain("+)");
  expect(parameters).toMatchObject({
    properties: { pattern: { type: "string" }, kind: { enum: ["pattern", "format"] } },
    required: ["pattern"],
  });
  const check: (args: unknown) => void = await checkerOf(parameters ?? {});
  check({ pattern: `${"a".repeat(50_000)}!` });
  for (const bad of [{}, { pattern: 1 }, { pattern: "a", kind: "other" }, "x"]) expect(() => check(bad)).toThrow("fit");
  expect(parametersOf({ inputSchema: { type: "object" } })).toEqual({ type: "object", properties: {} });
  expect(parametersOf({ inputSchema: { type: "string" } as never })).toBeUndefined();
  expect(parametersOf({ inputSchema: { type: "object", description: "x".repeat(20_000) } })).toBeUndefined();
});

describe("an answer", () => {
  test.each<[string, unknown, string]>([
    [
      "text",
      {
        content: [
          { type: "text", text: "one" },
          { type: "text", text: "two" },
        ],
      },
      "one\ntwo",
    ],
    [
      "an image",
      { content: [{ type: "image", mimeType: "image/png", data: "AAAA" }] },
      "[image image/png, which cannot be shown here]",
    ],
    ["a resource", { content: [{ type: "resource", resource: { uri: "a:b", text: "inside" } }] }, "inside"],
    ["structure only", { structuredContent: { a: 1 } }, '{"a":1}'],
    ["nothing", {}, ""],
    ["rubbish", { content: [null, 1, "x", {}] }, "[something, which cannot be shown here]"],
  ])("of %s", (_what, answered, content) => {
    expect(shown("s", answered as never, 1000)).toMatchObject({ source: "s", content });
  });

  test("is cut between characters", () => {
    const cut = shown("s", { content: [{ type: "text", text: "grüße ".repeat(100) }] }, 11);
    expect(cut).toMatchObject({ content: "grüße gr", cut: true });
  });

  test.each([undefined, null, "text"])("that is %p is none", (answered) => {
    expect(() => shown("s", answered as never, 1000)).toThrow("nothing that can be read");
  });
});
