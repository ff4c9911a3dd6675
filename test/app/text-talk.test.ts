// How long a conversation in writing is kept, in time that passes only when the test lets it.
import { createInLine } from "../../src/app/in-line.ts";
import { createTextTalk } from "../../src/app/text-talk.ts";
import type { WrittenLine } from "../../src/core/text-model.ts";
import { systemIds } from "../../src/observe/system.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

const HOUR_MS = 3_600_000;

test("a conversation is forgotten a day after its last question, and each question begins the day anew", async () => {
  const time = createVirtualTime();
  const state = createMemoryState({ clock: time.clock });
  const asked: (readonly WrittenLine[])[] = [];
  const talk = createTextTalk({
    model: {
      async answer(lines) {
        asked.push(lines);
        return "Yes.";
      },
    },
    systemMessage: "Help.",
    state,
    inLine: createInLine({ state, clock: time.clock, ids: systemIds }),
  });
  const known = async (): Promise<number> => {
    await talk.ask("ada", "And now?", new AbortController().signal);
    return asked.at(-1)?.filter(({ role }) => role === "user").length ?? 0;
  };
  expect(await known()).toBe(1);
  await time.run(20 * HOUR_MS);
  expect(await known()).toBe(2);
  // More than a day after the first question, less than one after the second.
  await time.run(20 * HOUR_MS);
  expect(await known()).toBe(3);
  await time.run(25 * HOUR_MS);
  expect(await known()).toBe(1);
  await state.close();
});
