/** GET /v1/models and /v1/models/{id}, with the day each model is shut down. A model past its day is no longer listed. */
import { Refusal } from "../check.ts";
import { isServed, type Model, type ModelUse } from "../models.ts";
import type { Route } from "./http.ts";
import type { Env } from "./index.ts";

const CREATED = 1_735_689_600;

function shown(model: Model) {
  return { id: model.id, object: "model", created: CREATED, owned_by: "openai", shutdown_date: model.shutdown_date };
}

export function noModel(id: string): Refusal {
  return new Refusal("model_not_found", `The model '${id}' does not exist or you do not have access to it.`, {
    status: 404,
  });
}

/** @throws Refusal with 404 model_not_found for a model that is unknown, gone, or for something else */
export function requireModel(env: Env, id: unknown, uses: readonly ModelUse[]): Model {
  const model = env.models.find((one) => one.id === id);
  if (!model || !uses.includes(model.use) || !isServed(model, env.shared.now())) throw noModel(String(id));
  return model;
}

export function modelRoutes(env: Env): Route[] {
  const served = () => env.models.filter((model) => isServed(model, env.shared.now()));
  return [
    {
      method: "GET",
      pattern: "/v1/models",
      handle: (call) => call.json({ object: "list", data: served().map(shown) }),
    },
    {
      method: "GET",
      pattern: "/v1/models/:id",
      handle(call) {
        const model = served().find((one) => one.id === call.params["id"]);
        if (!model) throw noModel(call.params["id"] ?? "");
        call.json(shown(model));
      },
    },
  ];
}
