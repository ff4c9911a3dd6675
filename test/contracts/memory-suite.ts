// What every store of memories promises, run over memory and the embedded database (with and without pgvector) in
// memory.contract.test.ts, over a PostgreSQL server in test/services.
import type { Clock } from "../../src/core/clock.ts";
import {
  MOST_EARLIER,
  type Embedding,
  type Fact,
  type MemoryOwner,
  type MemorySource,
  type MemoryStore,
} from "../../src/core/memory.ts";
import { systemClock } from "../../src/observe/system.ts";
import { embed } from "../../src/sim/openai/rest/embeddings.ts";

const MODEL = "text-embedding-3-small";
/** The simulator's: near for texts that share words. */
const meaning = (text: string, model = MODEL, size = 64): Embedding => ({ model, vector: [...embed(text, size)] });
const source: MemorySource = { by: "conversation", at: "2026-11-26T10:00:00.000Z", callId: "call_1", turn: 3 };
const name: Fact = { kind: "identity", subject: "name", text: "The user's name is Ada." };
const tea: Fact = { kind: "preference", subject: "favourite tea", text: "Drinks green tea in the morning." };
const morning: Fact = {
  kind: "routine",
  subject: "prep my day",
  text: "What to do on: prep my day.",
  steps: ["open the calendar", "read the news", "say the weather"],
};

let count = 0;
let lastMs = 0;
/** The real one, but that no two looks at it are of the same ms: what was changed last is known. */
export const ticking: Clock = {
  ...systemClock,
  date: () => new Date((lastMs = Math.max(Date.now(), lastMs + 1))),
};

export function memoryContract(
  title: string,
  given: () => { readonly memories: MemoryStore; readonly orgs: readonly [string, string] },
  { meanings, most }: { readonly meanings: boolean; readonly most: number },
): void {
  const someone = (org = 0): MemoryOwner => ({ orgId: given().orgs[org] as string, userId: `user ${++count}` });
  const texts = (found: readonly Fact[]): string[] => found.map(({ text }) => text);

  describe(`${title}: memories`, () => {
    test("what is kept is listed whole, last changed first, by kind and in pages", async () => {
      const { memories } = given();
      const ada = someone();
      expect(await memories.keep(ada, name, source)).toBe("added");
      expect(await memories.keep(ada, morning, { by: "given", at: source.at }, meaning("prep my day"))).toBe("added");
      expect(await memories.keep(ada, tea, source)).toBe("added");
      const all = await memories.list(ada, { limit: 10 });
      expect(texts(all)).toEqual(expect.arrayContaining([name.text, morning.text, tea.text]));
      const routine = (await memories.list(ada, { limit: 10, kind: "routine" }))[0];
      expect(routine).toEqual({
        ...morning,
        memoryId: expect.stringMatching(/^mem_/),
        source: { by: "given", at: source.at },
        earlier: [],
        embedded: { model: MODEL, dimension: 64 },
        createdAt: expect.anything(),
        updatedAt: expect.anything(),
      });
      expect(routine?.updatedAt.toISOString()).toMatch(/^20\d\d-/);
      const paged = [];
      for (let after = undefined as (typeof all)[number] | undefined; ;) {
        const [next] = await memories.list(ada, { limit: 1, ...(after && { after }) });
        if (!next) break;
        paged.push(next.memoryId);
        after = next;
      }
      expect(paged).toEqual(all.map(({ memoryId }) => memoryId));
    });

    test("a newer value of the same subject replaces the older one, which stays in its history", async () => {
      const { memories } = given();
      const ada = someone();
      await memories.keep(ada, tea, source);
      const later = { ...source, callId: "call_2" };
      expect(await memories.keep(ada, { ...tea, subject: " Favourite  TEA. ", text: "Drinks black tea." }, later)).toBe(
        "replaced",
      );
      expect(await memories.list(ada, { limit: 5 })).toEqual([
        expect.objectContaining({
          subject: "favourite tea",
          text: "Drinks black tea.",
          source: later,
          earlier: [{ text: tea.text, source, until: expect.stringMatching(/^20\d\d-.*Z$/) }],
        }),
      ]);
      for (let n = 0; n < MOST_EARLIER + 2; n++) await memories.keep(ada, { ...tea, text: `Drinks tea ${n}.` }, source);
      const [last] = await memories.list(ada, { limit: 5 });
      expect(last?.earlier).toHaveLength(MOST_EARLIER);
      expect(last?.earlier[0]?.text).toBe(`Drinks tea ${MOST_EARLIER}.`);
    });

    test("what is known already is not kept twice, whatever it is called", async () => {
      const { memories } = given();
      const ada = someone();
      await memories.keep(ada, tea, source);
      expect(await memories.keep(ada, { ...tea, text: "drinks GREEN tea, in the morning" }, source)).toBe("known");
      expect(await memories.keep(ada, { ...tea, subject: "drinks" }, source)).toBe("known");
      expect(await memories.list(ada, { limit: 5 })).toHaveLength(1);
      expect(await memories.keep(ada, { ...morning, subject: "x", text: tea.text }, source)).toBe("added");
    });

    test("many who add the same at once leave one", async () => {
      const { memories } = given();
      const ada = someone();
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => memories.keep(ada, tea, source)));
      expect(outcomes.filter((one) => one === "added")).toHaveLength(1);
      expect(await memories.list(ada, { limit: 9 })).toHaveLength(1);
    });

    test("there is an end to them: the oldest go, but neither name nor routine", async () => {
      const { memories } = given();
      const ada = someone();
      await memories.keep(ada, name, source);
      await memories.keep(ada, morning, source);
      for (let n = 0; n < most; n++)
        await memories.keep(ada, { kind: "fact", subject: `thing ${n}`, text: `Owns thing ${n}.` }, source);
      const all = texts(await memories.list(ada, { limit: most + 10 }));
      expect(all).toHaveLength(most);
      expect(all).toEqual(expect.arrayContaining([name.text, morning.text, `Owns thing ${most - 1}.`]));
      expect(all).not.toContain("Owns thing 0.");
    });

    test("text that a database would choke on does no harm", async () => {
      const { memories } = given();
      const bad = `nul \0 half \uD800 '); drop table memories; -- ' | & ! :* <-> \\ {{prompt}} 你好 สวัสดี`;
      const eve = { ...someone(), userId: `o'); drop table memories; -- ${++count}` };
      expect(await memories.keep(eve, { kind: "fact", subject: bad, text: bad, steps: [bad] }, source)).toBe("added");
      expect(await memories.keep(eve, { kind: "fact", subject: bad, text: bad, steps: [bad] }, source)).toBe("known");
      for (const text of [bad, "'", ":*", "", "   ", "a & !b", "你好"]) await memories.search(eve, { text, limit: 5 });
      expect(await memories.list(eve, { limit: 5 })).toHaveLength(1);
      expect(await memories.remove(eve, bad)).toBe(false);
      await memories.keep(eve, { kind: "fact", subject: "...", text: "!!!" }, source);
      await memories.keep(eve, { kind: "fact", subject: "---", text: "???" }, source);
      expect(await memories.list(eve, { limit: 5 })).toHaveLength(3);
    });

    test("by words, best first, in any script", async () => {
      const { memories } = given();
      const ada = someone();
      for (const fact of [name, tea, morning]) await memories.keep(ada, fact, source);
      await memories.keep(ada, { kind: "fact", subject: "pet", text: "Has two dogs, Max and Möhre." }, source);
      await memories.keep(ada, { kind: "fact", subject: "city", text: "Живёт в Москве." }, source);
      const search = async (text: string) => texts(await memories.search(ada, { text, limit: 2 }));
      expect((await search("green tea"))[0]).toBe(tea.text);
      expect((await search("what of the weather?"))[0]).toBe(morning.text);
      expect(await search("möhre")).toEqual(["Has two dogs, Max and Möhre."]);
      expect(await search("живёт")).toEqual(["Живёт в Москве."]);
      expect(await search("zeppelin")).toEqual([]);
      expect(await memories.search(ada, { text: "tea name weather dogs", limit: 2 })).toHaveLength(2);
    });

    test("by meaning, where there are numbers of the same model and length", async () => {
      const { memories } = given();
      const ada = someone();
      await memories.keep(ada, tea, source, meaning("drinks green tea in the morning"));
      await memories.keep(ada, name, source, meaning("the user is called Ada"));
      const asked = { text: "nothing of that", embedding: meaning("who is the user called"), limit: 2 };
      const found = await memories.search(ada, asked);
      if (!meanings) {
        expect(found).toEqual([]);
        return;
      }
      expect(texts(found)).toEqual([name.text, tea.text]);
      expect(found[0]).toMatchObject({ by: "meaning", embedded: { model: MODEL, dimension: 64 } });
      expect(found[0]?.score).toBeGreaterThan(found[1]?.score ?? 1);
      // Another model, or another length, is another language: nothing is compared, words still find it.
      for (const other of [
        meaning("who is the user called", "text-embedding-3-large"),
        meaning("who is the user called", MODEL, 32),
      ]) {
        expect(await memories.search(ada, { ...asked, embedding: other })).toEqual([]);
        expect(await memories.search(ada, { text: "Ada", embedding: other, limit: 2 })).toEqual([
          expect.objectContaining({ text: name.text, by: "words" }),
        ]);
      }
    });

    test("both ways together while some have no numbers yet, and those get theirs later", async () => {
      const { memories } = given();
      const ada = someone();
      await memories.keep(ada, name, source, meaning("the user is called Ada"));
      await memories.keep(ada, tea, source);
      await memories.keep(ada, morning, source, meaning("prep my day", "text-embedding-3-large"));
      const wanted = { model: MODEL, dimension: 64 };
      const waiting = await memories.unembedded(ada, wanted, 10);
      expect(texts(waiting).toSorted()).toEqual([tea.text, morning.text].toSorted());
      const found = await memories.search(ada, { text: "green tea", embedding: meaning("user Ada"), limit: 5 });
      expect(texts(found).toSorted()).toEqual((meanings ? [name.text, tea.text] : [tea.text]).toSorted());
      for (const one of waiting) await memories.embed(ada, one, meaning(one.text));
      expect(await memories.unembedded(ada, wanted, 10)).toEqual([]);
      // It says something else by now: these numbers are not its own.
      const [one] = await memories.list(ada, { limit: 1, kind: "preference" });
      await memories.keep(ada, { ...tea, text: "Drinks coffee." }, source);
      if (one) await memories.embed(ada, one, meaning(one.text));
      expect(texts(await memories.unembedded(ada, wanted, 10))).toEqual(["Drinks coffee."]);
    });

    test("nearly the same under another subject is one memory, unless a number differs or it is of another kind", async () => {
      const { memories } = given();
      const ada = someone();
      const same = meaning("gets up at 7");
      await memories.keep(ada, { kind: "fact", subject: "rising", text: "Gets up at 7." }, source, same);
      const again = { kind: "fact", subject: "wake-up time", text: "Usually gets up at 7." } as const;
      expect(await memories.keep(ada, again, source, same)).toBe(meanings ? "replaced" : "added");
      const other = { kind: "fact", subject: "bus", text: "The bus leaves at 8." } as const;
      expect(await memories.keep(ada, other, source, same)).toBe("added");
      expect(await memories.keep(ada, { ...again, kind: "project", subject: "7 o'clock" }, source, same)).toBe("known");
    });

    test("nobody sees, changes, counts or takes away what is another's", async () => {
      const { memories } = given();
      const ada = someone();
      const twin = { ...ada, orgId: given().orgs[1] };
      const bob = someone();
      const numbers = meaning("the user is called");
      await memories.keep(ada, name, source, numbers);
      const [hers] = await memories.list(ada, { limit: 1 });
      const others = [
        twin,
        bob,
        { ...ada, userId: ada.userId.toUpperCase() },
        { ...ada, userId: `${ada.userId}%` },
        { ...ada, userId: "%" },
        { ...ada, userId: "' or '1'='1" },
        { ...ada, orgId: "%" },
      ];
      for (const other of others) {
        expect(await memories.list(other, { limit: 10 })).toEqual([]);
        expect(await memories.search(other, { text: name.text, embedding: numbers, limit: 10 })).toEqual([]);
        expect(await memories.unembedded(other, { model: "x", dimension: 1 }, 10)).toEqual([]);
        expect(await memories.remove(other, hers?.memoryId ?? "")).toBe(false);
        expect(await memories.removeAll(other)).toBe(0);
        if (hers) await memories.embed(other, hers, meaning("spoiled", "other"));
      }
      for (const other of [twin, bob])
        expect(await memories.keep(other, { ...name, text: "Is Bob." }, source, numbers)).toBe("added");
      expect(await memories.list(ada, { limit: 10 })).toEqual([hers]);
      expect(await memories.ownersNamed(ada.userId)).toEqual(
        [ada, twin].toSorted((a, b) => (a.orgId < b.orgId ? -1 : 1)),
      );
      expect(await memories.removeAll(twin)).toBe(1);
      expect(await memories.remove(ada, hers?.memoryId ?? "")).toBe(true);
      expect(await memories.remove(ada, hers?.memoryId ?? "")).toBe(false);
      expect(await memories.list(bob, { limit: 10 })).toHaveLength(1);
      expect(await memories.ownersNamed(ada.userId)).toEqual([]);
    });
  });
}
