// The way from what changed to the database: in batches, off the media path, one at a time and in order. While the database is
// away, or keeps one waiting, batches go into the spool before it is asked; when it is back the spool goes first. It knows how to wait,
// not what is written.
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { isAboutRows, messageOf, sqlState } from "./failure.ts";
import type { Spool, SpoolLine } from "./spool.ts";

/** A batch waits at most this long for an answer before it is put on disk, ms. */
const EVERY_MS = 250;
/** A database that is away is tried again after so long, and then after longer, ms. */
const RETRY_MS = [500, 1000, 2000, 5000];
/** Changes of one transaction. */
const BATCH = 200;
/** Rows kept in memory when even the disk takes none. */
const HELD_ROWS = 20_000;

export interface WriteBehindParts<Change> {
  /** What changed since the last time. */
  readonly take: () => readonly Change[];
  readonly isDirty: () => boolean;
  /** One transaction; applying a change twice changes nothing, and with no changes it only looks whether the database is there. */
  readonly write: (changes: readonly Change[]) => Promise<void>;
  readonly rowsOf: (change: Change) => number;
  /** A change waits at most this long for its batch, ms. */
  readonly gatherMs: number;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export type WriteBehind = ReturnType<typeof createWriteBehind>;

export function createWriteBehind<Change>(parts: WriteBehindParts<Change>) {
  const { take, isDirty, write, rowsOf, gatherMs, spool, clock, log, meter } = parts;
  /** Taken, refused by database and disk alike; goes first. */
  let held: Change[] = [];
  /** Taken, and not answered for by the database. */
  let hand: Change[] = [];
  /** Rows on their way to the disk. */
  let leaving = 0;
  /** What is taken is taken by one at a time, and is on disk before the next one takes: nothing overtakes it. */
  let turn: Promise<void> = Promise.resolve();
  let chain: Promise<void> = Promise.resolve();
  let cancelTimer: (() => void) | undefined;
  let failures = 0;
  let wasSeen = false;
  let tryAgainAt = -Infinity;
  let isOpen = false;
  let closed = false;
  let spoolBroken = false;

  const sum = (changes: readonly Change[]): number => changes.reduce((rows, change) => rows + rowsOf(change), 0);

  function drop(rows: number, cause: "spool-full" | "memory-full" | "refused" | "torn"): void {
    if (rows === 0) return;
    meter.count("voice_store_dropped_rows_total", { cause }, rows);
    log.error("rows of call records are lost", { rows, cause });
  }

  function goneAway(error: unknown): void {
    if (failures === 0)
      log.error("the database is away; calls go on and what they leave is kept on disk", {
        error: messageOf(error),
        ...(sqlState(error) !== undefined && { state: sqlState(error) }),
      });
    tryAgainAt = clock.now() + (RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] as number);
    failures++;
    meter.gauge("voice_db_up", 0);
  }

  function cameBack(): void {
    wasSeen = true;
    if (failures > 0) log.info("the database is back", { failures });
    failures = 0;
    meter.gauge("voice_db_up", 1);
  }

  /** False when the database is away; then none of them was written, or all, and they are to be kept. */
  async function put(changes: readonly Change[]): Promise<boolean> {
    try {
      await write(changes);
      cameBack();
      return true;
    } catch (error) {
      if (!isAboutRows(error)) {
        goneAway(error);
        return false;
      }
      if (changes.length === 1) {
        log.error("the database refuses what a call left", { error: sqlState(error) ?? "unknown" });
        drop(sum(changes), "refused");
        return true;
      }
    }
    // One of them is bad, and must not take the others with it.
    for (const change of changes) if (!(await put([change]))) return false;
    return true;
  }

  /** What is not in the database goes on disk: what is in hand, and what is new. */
  function putAside(): Promise<void> {
    return inTurn(async () => {
      const changes = [...held, ...hand, ...take()];
      held = [];
      hand = [];
      leaving = sum(changes);
      await keep(changes);
      leaving = 0;
    });
  }

  function inTurn(step: () => void | Promise<void>): Promise<void> {
    turn = turn.then(step).catch((error: unknown) => log.error("writing failed", { error: messageOf(error) }));
    return turn;
  }

  async function keep(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    try {
      const lines = changes.map((change) => ({ text: JSON.stringify(change), rows: rowsOf(change) }));
      drop(await spool.append(lines), "spool-full");
      spoolBroken = false;
    } catch (error) {
      if (!spoolBroken) log.error("the spool cannot be written; rows are held in memory", { error: messageOf(error) });
      spoolBroken = true;
      held = [...changes];
      let rows = sum(held);
      let lost = 0;
      while (rows > HELD_ROWS) {
        const oldest = rowsOf(held.shift() as Change);
        rows -= oldest;
        lost += oldest;
      }
      drop(lost, "memory-full");
    }
  }

  /** What is in it now; what comes meanwhile is for the next time. False when the database went away over it. */
  async function emptySpool(): Promise<boolean> {
    for (let left = spool.rows(); left > 0;) {
      const file = await spool.oldest();
      if (!file) break;
      for (const batch of batches(file.lines)) if (!(await put(batch.flatMap(parsed)))) return false;
      await file.done();
      left -= file.lines.reduce((rows, line) => rows + line.rows, 0);
      meter.gauge("voice_spool_rows", spool.rows());
    }
    return true;
  }

  /** A line that a crash or a full disk cut short is no change any more. */
  function parsed({ text, rows }: SpoolLine): Change[] {
    try {
      return [JSON.parse(text) as Change];
    } catch {
      drop(rows, "torn");
      return [];
    }
  }

  /** A database that does not answer keeps nothing in memory: from time to time all there is goes on disk. Returns the end of it. */
  function watch(): () => void {
    let cancel = clock.after(EVERY_MS, function aside() {
      void putAside();
      cancel = clock.after(EVERY_MS, aside);
    });
    return () => cancel();
  }

  /** Straight to the database. False when it went away over it. */
  async function putHand(): Promise<boolean> {
    await inTurn(() => {
      if (spool.rows() === 0) hand = [...held.splice(0), ...take()];
    });
    while (hand.length > 0) {
      const batch = hand.slice(0, BATCH);
      if (!(await put(batch))) return false;
      // All that was in hand may have been put aside meanwhile, the batch too; being written twice does no harm.
      hand = hand.slice(batch.length);
    }
    return true;
  }

  async function ask(): Promise<void> {
    let isUp = spool.rows() === 0 || (await emptySpool().catch(failed));
    if (isUp) isUp = await putHand();
    if (!isUp) return putAside();
    // It took its time, and something was put aside.
    await turn;
    if (spool.rows() > 0) isUp = await emptySpool().catch(failed);
    // Nothing to write, and nothing that failed: whether it is back is found out by asking for nothing.
    if (isUp && (failures > 0 || !wasSeen)) await put([]);
  }

  async function round(): Promise<void> {
    if (!isOpen && !closed) return;
    const mayAsk = isOpen && (failures === 0 || clock.now() >= tryAgainAt || closed);
    // It may take long to say that it is still away.
    if (!mayAsk || failures > 0 || spool.rows() > 0) await putAside();
    if (mayAsk) {
      const stop = watch();
      await ask().finally(stop);
      await turn;
    }
    meter.gauge("voice_spool_rows", spool.rows());
  }

  /** The spool itself could not be read. */
  function failed(error: unknown): false {
    goneAway(error);
    return false;
  }

  function enqueue(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    chain = chain.then(round).catch((error: unknown) => log.error("writing failed", { error: messageOf(error) }));
    return chain.then(schedule);
  }

  function schedule(): void {
    if (closed || cancelTimer || !isOpen) return;
    const waits = failures > 0 || held.length > 0 || spool.rows() > 0;
    if (!isDirty() && !waits) return;
    cancelTimer = clock.after(waits ? EVERY_MS : gatherMs, () => {
      cancelTimer = undefined;
      void enqueue();
    });
  }

  return {
    /** There is something to take. */
    poke: schedule,
    /** The database can be tried from now on, or not any more. */
    open(): void {
      isOpen = true;
      void enqueue();
    },
    isUp: (): boolean => isOpen && failures === 0,
    /** A reader found the database away. */
    doubt(error: unknown): void {
      if (failures === 0) goneAway(error);
      schedule();
    },
    /** Resolves when all that is there now is in the database or in the spool. */
    flush: enqueue,
    pendingRows: (): number => sum(hand) + leaving + sum(held) + spool.rows(),
    async close(): Promise<void> {
      closed = true;
      await enqueue();
      cancelTimer?.();
      drop(sum(held), "memory-full");
      await spool.close();
    },
  };
}

function* batches<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += BATCH) yield items.slice(from, from + BATCH);
}
