/**
 * POST /v1/realtime/calls: a client's WebRTC offer, with its client secret, becomes a call whose session is the secret's. The answer is an SDP
 * that leads nowhere, since no media is carried here; its Location names the call.
 */
import { Refusal } from "../check.ts";
import type { Route } from "./http.ts";
import type { Env } from "./index.ts";

const ANSWER = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

export function callRoutes(
  env: Env,
  begin: (model: string, session: Readonly<Record<string, unknown>>) => string,
): Route[] {
  return [
    {
      method: "POST",
      pattern: "/v1/realtime/calls",
      form: true,
      secrets: true,
      handle(call) {
        const type = call.request.headers["content-type"] ?? "";
        if (!type.startsWith("application/sdp"))
          throw new Refusal("unsupported_content_type", "Expected Content-Type: application/sdp.", { status: 415 });
        if (!call.raw.toString().startsWith("v=0"))
          throw new Refusal("invalid_offer", "The body is not an SDP offer.", { param: "sdp" });
        const key = /^Bearer\s+(\S+)$/i.exec(call.request.headers.authorization ?? "")?.[1] ?? "";
        const secret = env.state.secrets.get(key);
        if (!secret || secret.session["type"] !== "realtime")
          throw new Refusal("invalid_value", "A call needs a client secret with a realtime session.");
        const { model, ...session } = secret.session;
        call.made(`/v1/realtime/calls/${begin(String(model), session)}`, ANSWER, "application/sdp");
      },
    },
  ];
}
