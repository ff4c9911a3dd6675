// Whole replies on their way out, as the bridge sends them: it keeps only so much ahead of the ear, and waits for marks beyond that.
import { createTurnOutlet } from "../../../src/channels/browser/turn-outlet.ts";
import { createVirtualTime } from "../../support/virtual-time.ts";

const SECOND = Buffer.alloc(8000, 0xff).toString("base64");

test("a reply that comes all at once is acknowledged as far as it is marked, though more came after the mark", async () => {
  const time = createVirtualTime();
  const marks: string[] = [];
  const outlet = createTurnOutlet({
    send: () => undefined,
    deliver: (event) => void (event.type === "line.mark" && marks.push(event.name)),
    clock: time.clock,
    format: "wav",
    onFailed: () => undefined,
  });
  for (let n = 0; n < 20; n++) {
    outlet.play(SECOND, 1);
    outlet.mark(`m${n}`);
  }
  // With this the bridge has had enough, and sends nothing more until it is told that something was heard.
  outlet.play(SECOND, 1);
  await time.run(100);
  expect(marks).toHaveLength(20);
  // The same with less than that, of a voice that pauses.
  outlet.mark("m20");
  outlet.play(SECOND, 1);
  await time.run(100);
  expect(marks).toHaveLength(21);
  outlet.close();
  expect(time.pending()).toBe(0);
});
