// The configuration of organizations over HTTP: read it, and change the fields that are given.
import { z } from "zod";
import { sees, type Principal } from "../core/access.ts";
import { InvalidRequest, Problem } from "../core/problem.ts";
import { NumberTaken, type OrganizationRow } from "../core/stores.ts";
import { organizationConfig } from "../wire/rest/organization.ts";
import { json, READERS, route, WRITERS, type Route } from "./define-route.ts";
import type { Organizations } from "./ports.ts";

/** An id that no organization can have is told so where one is made. */
const params = z.strictObject({ org_id: z.string().regex(/^[\x21-\x7e]{1,128}$/) });

/** What an answer says beside the configuration; sent back unchanged it does no harm. */
const versioned = z.looseObject({
  org_id: z.string(),
  version: z.number().int(),
  updated_at: z.iso.datetime(),
  updated_by: z.string(),
});

/** The fields are judged together with those there are already, by whoever keeps them: one schema, every error at once. */
const change = z.looseObject({
  org_id: z.string().optional(),
  version: z.number().int().min(0).optional(),
  updated_at: z.string().optional(),
  updated_by: z.string().optional(),
});

const MOST_VERSIONS = 50;

/** What costs or routes calls of others: not for an organization to decide for itself. */
const OPERATORS_FIELDS = ["numbers", "limits"];

export interface OrganizationRouteParts {
  readonly organizations: Organizations;
  /** What callers hear first where their organization has no words of its own for it. */
  readonly defaultGreeting: string;
}

export function organizationRoutes({ organizations, defaultGreeting }: OrganizationRouteParts): Route[] {
  const path = "/api/org/config/{org_id}";
  const schema = versioned.extend(organizationConfig.shape).loose();
  return [
    route(
      {
        method: "get",
        path: "/api/organizations",
        summary: "The organizations one may see",
        tag: "organizations",
        access: READERS,
        answers: {
          200: {
            description: "In order of their ids; and the greeting of those that have none of their own.",
            schema: z.strictObject({
              default_greeting: z.string(),
              organizations: z.array(
                z.strictObject({ org_id: z.string(), name: z.string().nullable(), version: z.number().int() }),
              ),
            }),
          },
        },
      },
      async ({ principal }) => {
        const mine = (await organizations.all()).filter(({ orgId }) => sees(principal, orgId));
        const shown = mine.map(({ orgId, config, version }) => ({
          org_id: orgId,
          name: typeof config.name === "string" ? config.name : null,
          version,
        }));
        return json({
          default_greeting: defaultGreeting,
          organizations: shown.sort((a, b) => (a.org_id < b.org_id ? -1 : 1)),
        });
      },
    ),
    route(
      {
        method: "get",
        path: `${path}/versions`,
        summary: "What the configuration of an organization was before",
        description: "The newest 50, the current one first. One of them sent to POST is in force again.",
        tag: "organizations",
        access: READERS,
        params,
        answers: {
          200: {
            description: "Each with its fields, and who made it when.",
            schema: z.strictObject({ versions: z.array(schema) }),
          },
        },
      },
      async ({ params: { org_id: orgId }, principal }) => {
        const rows = sees(principal, orgId) ? await organizations.versions(orgId) : [];
        if (rows.length === 0) throw unknown();
        return json({ versions: rows.slice(0, MOST_VERSIONS).map(viewOf) });
      },
    ),
    route(
      {
        method: "get",
        path,
        summary: "The configuration of an organization",
        tag: "organizations",
        access: READERS,
        params,
        answers: { 200: { description: "Its fields, version and last change.", schema } },
      },
      async ({ params: { org_id: orgId }, principal }) => {
        const row = sees(principal, orgId) ? await organizations.get(orgId) : undefined;
        if (!row) throw unknown();
        return json(viewOf(row));
      },
    ),
    route(
      {
        method: "post",
        path,
        summary: "Changes the fields given, for the next call",
        description:
          "The fields given replace those there are, on the top level only: an object or a list is replaced whole by the one given, and null takes a field away. With `version` the change is made only to that version. Admin keys create organizations, and alone set numbers and limits.",
        tag: "organizations",
        access: WRITERS,
        params,
        body: change,
        answers: {
          200: { description: "The configuration as it is now.", schema },
          201: { description: "A new organization.", schema },
        },
      },
      async ({ params: { org_id: orgId }, body, principal }) => {
        if (!sees(principal, orgId)) throw unknown();
        const { org_id: named, version, updated_at: _at, updated_by: _by, ...fields } = body;
        if (named !== undefined && named !== orgId) {
          throw new InvalidRequest([{ in: "body", pointer: "/org_id", detail: "is not the organization of the path" }]);
        }
        const row = await organizations.get(orgId);
        const mayCreate = principal.role === "admin" && principal.orgId === undefined;
        if (!row && !mayCreate) throw unknown();
        checkFields(fields, principal, row);
        return stored(await merge(orgId, fields, principal, mayCreate, version));
      },
    ),
  ];

  async function merge(
    orgId: string,
    fields: Readonly<Record<string, unknown>>,
    principal: Principal,
    mayCreate: boolean,
    version: number | undefined,
  ) {
    try {
      const options = { by: principal.name, mayCreate, ...(version !== undefined && { version }) };
      return await organizations.merge(orgId, fields, options);
    } catch (error) {
      if (error instanceof NumberTaken) throw new Problem(409, `${error.number} belongs to another organization`);
      throw error;
    }
  }
}

function checkFields(
  fields: Readonly<Record<string, unknown>>,
  principal: Principal,
  row: OrganizationRow | undefined,
): void {
  if (principal.role === "admin") return;
  const changed = OPERATORS_FIELDS.filter(
    // What was read and is sent back as it was is no change.
    (name) => name in fields && JSON.stringify(fields[name]) !== JSON.stringify(row?.config[name]),
  );
  if (changed.length > 0) throw new Problem(403, `Only an admin key sets ${changed.join(" and ")}`);
}

function stored(result: Awaited<ReturnType<Organizations["merge"]>>) {
  switch (result.kind) {
    case "stored":
      return json(viewOf(result.row), result.created ? 201 : 200);
    case "unknown":
      throw unknown();
    case "stale":
      throw new Problem(409, `The configuration was changed meanwhile: it is at version ${result.version}`);
    case "invalid":
      throw new InvalidRequest(result.issues);
  }
}

const unknown = (): Problem => new Problem(404, "There is no such organization");

function viewOf({ orgId, version, updatedAt, updatedBy, config }: OrganizationRow) {
  return {
    org_id: orgId,
    version,
    updated_at: updatedAt.toISOString(),
    updated_by: updatedBy,
    ...config,
  };
}
