// Requests that want JSON of a schema, and the brain that answers those for facts about a user.
import { remembering, type BrainInput } from "../../../src/sim/openai/index.ts";
import { closeSims, sim } from "./client.ts";
import { official, raw } from "./rest-client.ts";

afterEach(closeSims);

const schema = {
  type: "object",
  properties: { memories: { type: "array", items: { type: "string" } } },
  required: ["memories"],
  additionalProperties: false,
};
const request = (json_schema: object) => ({
  model: "gpt-6-luna",
  messages: [{ role: "user" as const, content: "My name is Ada." }],
  response_format: { type: "json_schema" as const, json_schema },
});

test("the brain is told the schema's name; the default one finds facts for memories", async () => {
  const on = await sim();
  const asked: BrainInput[] = [];
  const answer = await official(on).chat.completions.create(
    request({ name: "memories", strict: true, schema }) as never,
  );
  expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toEqual({
    memories: [{ kind: "identity", subject: "name", text: "The user's name is Ada.", steps: [] }],
  });
  on.script = { brain: (input) => (asked.push(input), "{}") };
  await official(on).chat.completions.create(request({ name: "other", strict: false, schema: {} }) as never);
  expect(asked[0]?.format).toBe("other");
});

test.each([
  [{ type: "xml" }, "response_format.type"],
  [{ type: "json_schema" }, "response_format.json_schema"],
  [{ type: "json_schema", json_schema: {} }, "response_format.json_schema.name"],
  [{ type: "json_schema", json_schema: { name: "a b" } }, "response_format.json_schema.name"],
  [
    { type: "json_schema", json_schema: { name: "a", strict: true, schema: { ...schema, required: [] } } },
    "response_format.json_schema.schema",
  ],
])("refused: %j", async (response_format, param) => {
  const answer = await raw(await sim(), "POST", "/chat/completions", { ...request({}), response_format });
  expect(answer).toMatchObject({ status: 400, body: { error: { param } } });
});

test("facts and routines are found in what the user said, in no other's words", () => {
  const find = (...conversation: { role: string; content: string }[]): unknown =>
    JSON.parse(remembering({ text: JSON.stringify({ conversation }) } as BrainInput) as string);
  expect(find({ role: "assistant", content: "My name is Max." }, { role: "user", content: "Hello there." })).toEqual({
    memories: [],
  });
  expect(
    find({ role: "user", content: "My favourite tea is green tea. When I say good night: lock the door, then rest." }),
  ).toEqual({
    memories: [
      {
        kind: "preference",
        subject: "favourite tea",
        text: "The user's favourite tea is green tea.",
        steps: [],
      },
      {
        kind: "routine",
        subject: "good night",
        text: "What to do when the user says: good night.",
        steps: ["lock the door", "rest"],
      },
    ],
  });
});
