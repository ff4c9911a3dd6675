// ngrok behind its port: what is asked of the package, and the ways it fails. The package itself needs the internet: of it only
// the shape is compared with what is described, by the compiler and by a look.
import ngrok from "@ngrok/ngrok";
import { ngrokTunnel, type NgrokPackage } from "../../src/ops/ngrok.ts";

const TOKEN = "2abcSECRETtoken";
const request = { target: "127.0.0.1:5000", onStatus: () => undefined };

type Forward = NgrokPackage["forward"];

function open(forward: Forward, domain?: string, openMs?: number) {
  const load = () => Promise.resolve({ forward });
  return ngrokTunnel({ authtoken: TOKEN, domain, load, ...(openMs !== undefined && { openMs }) })(request);
}

test("the installed package is what is described of it", () => {
  const described: NgrokPackage = ngrok;
  expect(typeof described.forward).toBe("function");
});

test("it is asked for a tunnel to the server, with the token, and closed", async () => {
  const asked: Parameters<Forward>[0][] = [];
  let closed = 0;
  const listener = { url: () => "https://abc.ngrok.app/", close: async () => void closed++ };
  const tunnel = await open(async (config) => {
    asked.push(config);
    return listener;
  }, "voice.ngrok.app");
  expect(asked).toEqual([
    { addr: "127.0.0.1:5000", authtoken: TOKEN, domain: "voice.ngrok.app", onStatusChange: request.onStatus },
  ]);
  expect(tunnel.url).toBe("https://abc.ngrok.app");
  await tunnel.close();
  expect(closed).toBe(1);
  await open(async (config) => {
    asked.push(config);
    return listener;
  });
  expect(asked[1]).not.toHaveProperty("domain");
});

test("the package is not there", async () => {
  const load = () => Promise.reject(new Error("Cannot find package '@ngrok/ngrok'"));
  await expect(ngrokTunnel({ authtoken: TOKEN, load })(request)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining("npm install @ngrok/ngrok"),
  });
});

test("ngrok refuses, in its own words but without the token", async () => {
  const refusing = open(() => Promise.reject(new Error(`authentication failed: ${TOKEN} is unknown. ERR_NGROK_107`)));
  await expect(refusing).rejects.toMatchObject({
    exitCode: 3,
    message: "ngrok opened no tunnel: authentication failed: *** is unknown. ERR_NGROK_107",
  });
});

test("ngrok cannot be reached", async () => {
  const lost = open(() => Promise.reject(new Error("failed to connect session: failed to establish tcp connection")));
  await expect(lost).rejects.toMatchObject({ exitCode: 4 });
});

test("a tunnel without an address is closed again", async () => {
  let closed = 0;
  const nameless = open(async () => ({ url: () => null, close: async () => void closed++ }));
  await expect(nameless).rejects.toMatchObject({ message: "ngrok opened no tunnel: it has no address" });
  expect(closed).toBe(1);
});

test("a tunnel that opens too late is closed again", async () => {
  let arrive: () => void = () => undefined;
  const late = new Promise<void>((come) => (arrive = come));
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));
  const slow = open(
    async () => {
      await late;
      return { url: () => "https://late.ngrok.app", close: async () => close() };
    },
    undefined,
    20,
  );
  await expect(slow).rejects.toMatchObject({ exitCode: 4, message: "ngrok opened no tunnel: no answer within 0.02 s" });
  arrive();
  await closed;
});
