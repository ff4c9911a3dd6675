// The rules for tools: who may have one, what is risky whatever anybody says, how much, and what goes to a person.
import { isAlwaysRisky, isFor, riskOf, ruleOn } from "../../src/safety/tool-policy.ts";

const TOOL = { name: "desktop__State-Tool" };
const WHO = { orgId: "acme", userId: "ada" };
const use = (more: object = {}) => ({ tool: TOOL, who: WHO, runsThisMinute: 1, argumentsLength: 10, ...more });

test.each([
  "Powershell",
  "Powershell-Tool",
  "powershell_tool",
  "PowerShell",
  "desktop__Click-Tool",
  "desk__Type",
  "a__b__Drag-Tool",
  "App",
  "app-tool",
])("%s is risky, whatever a settings file says", (name) => {
  expect(isAlwaysRisky(name)).toBe(true);
  expect(riskOf({ name, risk: "safe" })).toBe("risky");
  expect(ruleOn(use({ tool: { name, risk: "safe" } }))).toEqual({ kind: "confirm" });
});

test.each(["State-Tool", "Scrape", "Move-Tool", "Typewriter", "appointment", "transfer_call", "desktop__Wait-Tool"])(
  "%s is as risky as its settings say",
  (name) => {
    expect(isAlwaysRisky(name)).toBe(false);
    expect(riskOf({ name })).toBe("safe");
    expect(riskOf({ name, risk: "risky" })).toBe("risky");
  },
);

test("a scope is held to by organization or by user, and a tool without one is everybody's", () => {
  expect(isFor({}, { orgId: "" })).toBe(true);
  const scope = { organizations: ["acme"], users: ["grace"] };
  expect(isFor({ scope }, WHO)).toBe(true);
  expect(isFor({ scope }, { orgId: "beta", userId: "grace" })).toBe(true);
  expect(isFor({ scope }, { orgId: "beta", userId: "ada" })).toBe(false);
  expect(isFor({ scope }, { orgId: "beta" })).toBe(false);
  expect(isFor({ scope: { organizations: [], users: [] } }, WHO)).toBe(false);
  expect(isFor({ scope: { organizations: "all", users: [] } }, { orgId: "beta" })).toBe(true);
});

test.each<[string, object, string]>([
  ["out of its scope", { tool: { ...TOOL, scope: { organizations: [], users: [] } } }, "not-allowed"],
  ["too often", { tool: { ...TOOL, perMinute: 5 }, runsThisMinute: 6 }, "too-often"],
  ["with arguments nobody would read", { tool: { name: "x__Type" }, argumentsLength: 3000 }, "too-long"],
  ["with endless arguments", { argumentsLength: 40_000 }, "too-long"],
])("refused: %s", (_what, more, code) => {
  expect(ruleOn(use(more))).toMatchObject({ kind: "refuse", code });
});

test("what is left is run", () => {
  expect(ruleOn(use({ tool: { ...TOOL, perMinute: 5 }, runsThisMinute: 5, argumentsLength: 30_000 }))).toEqual({
    kind: "run",
  });
});
