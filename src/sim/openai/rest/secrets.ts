/**
 * POST /v1/realtime/client_secrets: short-lived keys that open a Realtime session with settings of their own. The beta
 * addresses it replaced (/sessions, /transcription_sessions) are not routes, so they answer 404.
 */
import { anything, oneOf, shape, whole, type Json } from "../check.ts";
import { applyUpdate, defaultConfig } from "../realtime/config.ts";
import { session as sessionShape } from "../realtime/session-schema.ts";
import type { Route } from "./http.ts";
import type { Env } from "./index.ts";
import { requireModel } from "./models.ts";

const checkBody = shape({
  expires_after: shape({ anchor: oneOf("created_at"), seconds: whole({ min: 10, max: 7200 }) }),
  session: anything,
});

export function secretRoutes(env: Env): Route[] {
  return [
    {
      method: "POST",
      pattern: "/v1/realtime/client_secrets",
      handle(call) {
        checkBody(call.body, "");
        const given = (call.body["session"] ?? { type: "realtime", model: "gpt-realtime-2.1" }) as Json;
        sessionShape(given, "session");
        const seconds = ((call.body["expires_after"] ?? {}) as { seconds?: number }).seconds ?? 600;
        const { silenceMs } = env.shared;
        const nowMs = env.shared.now();
        const expiresAt = Math.floor(nowMs / 1000) + seconds;
        const type = given["type"] as "realtime" | "transcription";
        const model =
          type === "realtime" ? requireModel(env, given["model"] ?? "gpt-realtime-2.1", ["realtime"]).id : "";
        const id = env.chance.id("sess_");
        const empty = defaultConfig({ id, type, model, expiresAt: 0, silenceMs });
        const state = { responding: false, spoke: false, nowMs, faults: env.shared.faults };
        const config = applyUpdate(empty, given, state, silenceMs);
        const value = env.chance.id("ek_", 32);
        env.state.secrets.set(value, { expiresAt, session: type === "realtime" ? { ...given, model } : given });
        call.json({ value, expires_at: expiresAt, session: config });
      },
    },
  ];
}
