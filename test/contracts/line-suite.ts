// What every line keeps to, whatever is at its other end: the port of core/line.ts as the bridge relies on it.
import type { Line, LineCloseCause, LineEvent } from "../../src/core/line.ts";

/** A line, and the hand at its far end. */
export interface LineUnderTest {
  readonly line: Line;
  /** 20 ms of caller's audio arrive. */
  readonly hear: (payload: string) => void;
  readonly key: (digit: string) => void;
  /** The far end has played up to this mark. */
  readonly played: (name: string) => void;
  /** The far end goes. */
  readonly leave: (cause: LineCloseCause) => void;
  /** What the far end was sent, in order: "audio", "clear", "mark <name>". */
  readonly sent: () => readonly string[];
}

const AUDIO = Buffer.alloc(160, 0x55).toString("base64");

export function lineSuite(name: string, make: () => LineUnderTest): void {
  describe(`the line of ${name}`, () => {
    const attached = () => {
      const it = make();
      const events: LineEvent[] = [];
      it.line.attach((event) => void events.push(event));
      return { ...it, events };
    };

    test("delivers what came before it was attached first, in order, and then the rest", () => {
      const it = make();
      it.hear(AUDIO);
      it.key("5");
      const events: string[] = [];
      it.line.attach(({ type }) => {
        // What happens meanwhile lands behind what was kept.
        if (events.push(type) === 1) it.key("6");
      });
      it.hear(AUDIO);
      expect(events).toEqual(["line.audio", "line.digit", "line.digit", "line.audio"]);
    });

    test("has one listener", () => {
      const { line } = attached();
      expect(() => line.attach(() => undefined)).toThrow();
    });

    test("plays, marks and clears in the order it was told", () => {
      const { line, sent } = attached();
      line.play(AUDIO, undefined, 1);
      line.mark("a");
      line.play(AUDIO, "b", 1);
      line.clear();
      expect(sent()).toEqual(["audio", "mark a", "audio", "mark b", "clear"]);
    });

    test("tells of a mark that was played", () => {
      const { line, played, events } = attached();
      line.play(AUDIO, "a", 1);
      played("a");
      expect(events).toEqual([{ type: "line.mark", name: "a" }]);
    });

    test.each<LineCloseCause>(["hangup", "network", "no-media"])(
      "tells once that it is gone (%s), last of all",
      (cause) => {
        const { line, hear, key, leave, events, sent } = attached();
        leave(cause);
        leave("network");
        hear(AUDIO);
        key("1");
        const before = sent().length;
        line.play(AUDIO, "late", 1);
        line.mark("later");
        line.clear();
        line.close();
        expect(events).toEqual([{ type: "line.closed", cause }]);
        expect(sent()).toHaveLength(before);
      },
    );

    test("is closed by us once, however often it is told", () => {
      const { line, events } = attached();
      line.close();
      line.close();
      expect(events).toEqual([{ type: "line.closed", cause: "closed-by-us" }]);
    });

    test("that was lost before anybody listened says so", () => {
      const it = make();
      it.hear(AUDIO);
      it.leave("hangup");
      const events: string[] = [];
      it.line.attach(({ type }) => void events.push(type));
      expect(events).toEqual(["line.audio", "line.closed"]);
    });

    test("keeps 30 s of audio for whoever listens late, the newest", () => {
      const it = make();
      for (let n = 0; n < 2000; n++) it.hear(AUDIO);
      let count = 0;
      it.line.attach(() => void count++);
      expect(count).toBeGreaterThanOrEqual(1480);
      expect(count).toBeLessThanOrEqual(1500);
    });

    test("takes a piece of any length", () => {
      const { line, sent } = attached();
      line.play(Buffer.alloc(1, 0x55).toString("base64"));
      line.play(Buffer.alloc(100_000, 0x55).toString("base64"));
      expect(new Set(sent())).toEqual(new Set(["audio"]));
      expect(line.bufferedBytes()).toBe(0);
    });
  });
}
