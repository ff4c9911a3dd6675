// Every question the program asks the database, and the index that is to answer it. The statements are those the stores really send;
// they are planned over some thousand rows, and an index that is taken away has to be missed.
import { Kysely, PostgresDialect } from "kysely";
import { Pool, type PoolClient } from "pg";
import { callsBefore, callsHeldBy, callsOfNumber, listCalls, readCall } from "../../src/storage/call-reader.ts";
import { createCustomerStore } from "../../src/storage/customers.ts";
import type { Ask, Tables } from "../../src/storage/database.ts";
import { createKeyStore } from "../../src/storage/keys.ts";
import { createMemoryStore } from "../../src/storage/memories.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { createOrganizationStore } from "../../src/storage/organizations.ts";
import { systemClock as clock, systemIds as ids } from "../../src/observe/system.ts";
import type { Postgres } from "./postgres.ts";

const ROWS = `
insert into organizations select 'org' || n, 1, '{}', now(), 'test' from generate_series(1, 300) n;
insert into organization_versions select org_id, version, config, now(), 'test' from organizations where org_id <> 'default';
insert into phone_numbers select '+1555777' || n, 'org' || (n % 300 + 1) from generate_series(1000, 2999) n;
insert into calls (call_id, org_id, carrier_id, from_number, to_number, channel, direction, status, phase, instance, escalated, started_at, state_at)
  select 'call_' || lpad(n::text, 6, '0'), 'org' || (n % 300 + 1), 'CA' || n, '+1555' || (1000000 + n), '+1666' || (1000000 + n * 7), 'phone', 'inbound',
    case when n % 50 = 0 then 'in-progress' else 'completed' end, case when n % 40 = 0 then 'intake' else 'completed' end, 'i' || (n % 9), n % 30 = 0,
    '2026-01-01'::timestamptz + n * interval '1 hour', now() from generate_series(1, 6000) n;
insert into call_transcripts (call_id, role, position, at_ms, text, words)
  select call_id, 'caller', n, n, 'words', ('''w' || (abs(hashtext(call_id)) % 5000) || ''' ''the''')::tsvector from calls, generate_series(0, 1) n;
insert into call_events select call_id, 'w', n, n, 'turn' from calls, generate_series(0, 1) n;
insert into call_intakes select call_id, '{}', null, 'draft', 1 from calls;
insert into escalations select 'esc_' || call_id, call_id, 0, 'request', 'high', '', 'warm', null, 1, 'pending' from calls where escalated;
insert into customers select 'cus_' || n, 'org' || (n % 300 + 1), 'ext' || n, now() from generate_series(1, 3000) n;
insert into conversation_sessions select 'ses_' || n, 'org' || (n % 300 + 1), 'cus_' || n, 'intake', '{}', now(), now() from generate_series(1, 3000) n;
insert into api_keys select 'key_' || n, 'name' || n, 'read', null, 'hash' || n, now(), null from generate_series(1, 3000) n;
insert into memories (memory_id, org_id, user_id, kind, subject_key, subject, text, text_key, words, source, created_at, updated_at)
  select 'mem_' || n, case when n % 2 = 0 then 'org12' else 'org13' end, 'user' || case when n % 2 = 0 then 11 else n end, 'fact', 'k' || n, 'k', 't', 't' || n, ('''w' || n || '''')::tsvector, '{}', now(), now() from generate_series(1, 3000) n;
analyze`;

interface Question {
  readonly what: string;
  readonly ask: () => Promise<unknown>;
  /** Index and the condition it decides; of several, any will do where more than one is good. */
  readonly by: readonly string[][];
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly PlanNode[];
}

export function indexSuite(given: () => Postgres): void {
  describe("every question has its index", () => {
    let pool: Pool;
    let db: Kysely<Tables>;
    let sent: { sql: string; values: unknown[] }[] = [];
    const asked: { what: string; by: readonly string[][]; statements: typeof sent }[] = [];
    const ask: Ask = (question) => question(db);

    function questions(): Question[] {
      const limit = 50;
      const customers = createCustomerStore(ask, { clock, ids });
      const keys = createKeyStore(ask, { clock, ids });
      const organizations = createOrganizationStore(ask, clock);
      const memories = createMemoryStore(ask, { clock, ids, vectors: async () => undefined });
      const owner = { orgId: "org12", userId: "user11" };
      const from = new Date("2026-03-01T00:00:00Z");
      const to = new Date("2026-03-01T06:00:00Z");
      const matters = [["escalations_by_call call_id"], ["call_intakes_pkey call_id"]];
      const list = (what: string, filter: object, ...by: string[]): Question => ({
        what: `calls ${what}`,
        ask: () => listCalls(db, { limit, ...filter }),
        by: [by, ...matters],
      });
      const plain = (statement: string, by: string): Question => ({
        what: statement,
        ask: async () => void sent.push({ sql: `${statement} = $1`, values: ["x"] }),
        by: [[by]],
      });
      const search = [
        "call_transcripts_by_words words",
        "calls_by_number_parts number_parts",
        "calls_by_carrier carrier_id",
        "calls_pkey call_id",
      ];
      const searched = (what: string, filter: object): Question => ({
        ...list(what, filter),
        by: search.map((one) => [one]),
      });
      return [
        list("of an organization", { orgId: "org9" }, "calls_by_org org_id"),
        list("of an organization, the next page", { orgId: "org9", before: "call_005000" }, "calls_by_org org_id"),
        list("the next page", { before: "call_003000" }, "calls_pkey call_id"),
        list("by status", { status: "in-progress" }, "calls_by_status status"),
        list("by phase", { phase: "intake" }, "calls_by_phase phase"),
        list("escalated", { escalated: true }, "calls_escalated"),
        list(
          "escalated, of an organization",
          { escalated: true, orgId: "org1" },
          "calls_escalated",
          "calls_by_org org_id",
        ),
        list("not escalated, of an organization", { escalated: false, orgId: "org2" }, "calls_by_org org_id"),
        list("in a time", { from, to }, "calls_by_start started_at"),
        list(
          "of an organization in a time",
          { from, to, orgId: "org217" },
          "calls_by_start started_at",
          "calls_by_org org_id",
        ),
        searched("by text", { text: "w77" }),
        searched("by text, of an organization", { text: "w77 the", orgId: "org4" }),
        searched("by text, in a status, the next page", { text: "w77", status: "completed", before: "call_005000" }),
        {
          what: "swept for escalations",
          ask: () => listCalls(db, { status: "completed", escalated: true, from, to, limit }),
          by: [["calls_escalated", "calls_by_start started_at"]],
        },
        {
          what: "retention",
          ask: () => callsBefore(db, new Date("2026-01-02T00:00:00Z"), 50),
          by: [["calls_by_start started_at"], ...matters],
        },
        { what: "the reaper", ask: () => callsHeldBy(db, "i3"), by: [["calls_held instance"]] },
        {
          what: "of a number",
          ask: () => callsOfNumber(db, "+15551000030"),
          by: [["calls_by_caller from_number"], ["calls_by_callee to_number"], ...matters],
        },
        {
          what: "a call: transcript, events, escalations, intake",
          ask: () => readCall(db, "call_id", "call_000030"),
          by: [["calls_pkey call_id"], ["call_transcripts_pkey call_id"], ["call_events_pkey call_id"], ...matters],
        },
        {
          what: "a call by the carrier's id",
          ask: () => readCall(db, "carrier_id", "CA30"),
          by: [["calls_by_carrier carrier_id"]],
        },
        plain("delete from calls where call_id", "calls_pkey call_id"),
        // What the foreign keys ask when a call, a customer or an organization goes.
        plain("delete from call_transcripts where call_id", "call_transcripts_pkey call_id"),
        plain("delete from call_events where call_id", "call_events_pkey call_id"),
        plain("delete from call_intakes where call_id", "call_intakes_pkey call_id"),
        plain("delete from escalations where call_id", "escalations_by_call call_id"),
        plain("delete from conversation_sessions where session_id", "conversation_sessions_pkey session_id"),
        plain("delete from conversation_sessions where customer_id", "conversation_sessions_by_customer customer_id"),
        plain("delete from conversation_sessions where org_id", "conversation_sessions_by_age org_id"),
        {
          what: "a customer",
          ask: () => customers.customer("org12", "ext11"),
          by: [["customers_org_id_external_id_key external_id"]],
        },
        { what: "a session", ask: () => customers.session("ses_7"), by: [["conversation_sessions_pkey session_id"]] },
        { what: "a key", ask: () => keys.byHash("hash7"), by: [["api_keys_hash_key hash"]] },
        {
          what: "a key to revoke",
          ask: () => keys.revoke("name7"),
          by: [["api_keys_by_name name"], ["api_keys_pkey key_id"]],
        },
        { what: "an organization", ask: () => organizations.get("org7"), by: [["organizations_pkey org_id"]] },
        {
          what: "its versions",
          ask: () => organizations.versions("org7"),
          by: [["organization_versions_pkey org_id"]],
        },
        { what: "whose number", ask: () => organizations.ownerOf("+15557771007"), by: [["phone_numbers_pkey number"]] },
        { what: "its numbers", ask: () => organizations.numbersOf("org7"), by: [["phone_numbers_by_org org_id"]] },
        {
          what: "its new numbers",
          ask: () => organizations.setNumbers("org7", ["+15550000007"]),
          by: [["phone_numbers_by_org org_id"], ["phone_numbers_pkey number"]],
        },
        { what: "memories of a user", ask: () => memories.list(owner, { limit }), by: [["memories_by_age user_id"]] },
        {
          what: "memories by words",
          ask: () => memories.search(owner, { text: "w12", limit }),
          by: [
            ["memories_by_age user_id", "memories_org_id_user_id_subject_key_key user_id", "memories_by_user user_id"],
          ],
        },
        {
          what: "a memory of the same subject",
          ask: () => memories.keep(owner, { kind: "fact", subject: "k12", text: "new" } as never, {} as never),
          by: [["memories_org_id_user_id_subject_key_key subject_key"]],
        },
        {
          what: "memories without a meaning",
          ask: () => memories.unembedded(owner, { model: "m", dimension: 3 }, 5),
          by: [["memories_by_age user_id"]],
        },
        { what: "a memory to forget", ask: () => memories.remove(owner, "mem_12"), by: [["memories_pkey memory_id"]] },
        { what: "owners of one name", ask: () => memories.ownersNamed("user11"), by: [["memories_by_user user_id"]] },
      ];
    }

    beforeAll(async () => {
      pool = new Pool({ connectionString: await given().freshDatabase("indexes"), max: 2 });
      db = new Kysely<Tables>({
        dialect: new PostgresDialect({ pool }),
        log: ({ query: { sql, parameters } }) => void sent.push({ sql, values: [...parameters] }),
      });
      await migrate(db);
      await pool.query(ROWS);
      for (const { what, ask: put, by } of questions()) {
        sent = [];
        await put();
        asked.push({ what, by, statements: sent.filter(({ sql }) => /^(select|update|delete)/.test(sql)) });
      }
    }, 60_000);
    afterAll(() => db?.destroy());

    /** What is wrong with the plans, question by question. */
    async function missing(client: PoolClient): Promise<string[]> {
      const wrong: string[] = [];
      for (const { what, by, statements } of asked) {
        const nodes: PlanNode[] = [];
        for (const { sql, values } of statements) {
          const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>({
            text: `explain (format json) ${sql}`,
            values,
          });
          nodes.push(...everyNode((rows[0] as (typeof rows)[number])["QUERY PLAN"][0].Plan));
        }
        if (nodes.some((node) => node["Node Type"] === "Seq Scan"))
          wrong.push(`${what}: a table is read from end to end`);
        for (const any of by)
          if (!any.some((wanted) => nodes.some((node) => decides(node, wanted))))
            wrong.push(
              `${what}: not by ${any.join(" or ")}, but ${nodes
                .map((node) => node["Index Name"])
                .filter(Boolean)
                .join(", ")}`,
            );
      }
      return wrong;
    }

    /** Runs with sequential scans off, as a database with many rows would do without them; nothing that is done here stays. */
    async function planning<Result>(use: (client: PoolClient) => Promise<Result>): Promise<Result> {
      const client = await pool.connect();
      try {
        await client.query("begin");
        await client.query("set local enable_seqscan = off");
        return await use(client);
      } finally {
        await client.query("rollback");
        client.release();
      }
    }

    test("which its plan names for the condition that decides, and no table is read from end to end", async () => {
      expect(await planning(missing)).toEqual([]);
    });

    test("and every index is missed by some question when it is taken away", async () => {
      const { rows } = await pool.query<{ name: string; relation: string; is_constraint: boolean }>(
        `select i.relname as name, t.relname as relation, exists (select from pg_constraint where conindid = i.oid) as is_constraint
         from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
         where t.relnamespace = 'public'::regnamespace and t.relname not like 'schema%' order by 1`,
      );
      expect(rows.length).toBeGreaterThan(25);
      const unmissed: string[] = [];
      for (const { name, relation, is_constraint } of rows) {
        const wrong = await planning(async (client) => {
          const take = is_constraint ? `alter table ${relation} drop constraint ${name} cascade` : `drop index ${name}`;
          await client.query(take);
          return missing(client);
        });
        if (wrong.length === 0) unmissed.push(name);
      }
      // Nothing is looked for by these: they keep rows one of a kind, and hold foreign keys.
      expect(unmissed).toEqual(["customers_pkey", "escalations_pkey"]);
    }, 60_000);
  });
}

function everyNode(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(everyNode)];
}

/** "index column": it is used to find by that column; "index": it is used. */
function decides(node: PlanNode, wanted: string): boolean {
  const [index, column] = wanted.split(" ");
  if (node["Index Name"] !== index) return false;
  return column === undefined || new RegExp(`\\b${column}\\b`).test(node["Index Cond"] ?? "");
}
