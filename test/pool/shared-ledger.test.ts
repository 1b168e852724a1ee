import { describe, expect, test } from "bun:test";
import { newBoard, WORKERS } from "../../src/pool/shared-board.ts";
import { GONE, Holder } from "../../src/pool/shared-holder.ts";
import { LEASE_STATES, leaseWord } from "../../src/pool/shared-lease.ts";
import { Ledger } from "../../src/pool/shared-ledger.ts";
import { thrownBy } from "./support.ts";

const SIZES = { slots: 3, requestCapacity: 8, responseCapacity: 8, headersCapacity: 8, ownerThread: 7 };

function pair(): { ledger: Ledger; lend: (index: number, number: number) => Holder } {
  const board = newBoard(SIZES);
  const ledger = new Ledger(board, 7);
  const lend = (index: number, number: number): Holder => {
    const holder = new Holder(board, index, ledger.lend(index, number));
    expect(holder.claim(number)).toBe(true);
    return holder;
  };
  return { ledger, lend };
}

describe("Ledger", () => {
  test("is one, of the owner's thread", () => {
    const board = newBoard(SIZES);
    expect(thrownBy(() => new Ledger(board, 8)).code).toBe("POOL_SECOND_ACQUIRER");
    expect(new Ledger(board, 7).reclaim()).toBe(-1);
    expect(thrownBy(() => new Ledger(board, 7)).message).toBe(
      "Cannot acquire in thread 7: the pool of thread 7 is the only one that acquires",
    );
  });

  test("lends a slot once, and takes back what was released, the last one first", () => {
    const { ledger, lend } = pair();
    const holders = [0, 1, 2].map((index) => lend(index, 2));
    expect(ledger.lend(1, 3)).toBe(GONE);
    for (const holder of holders) expect(holder.release()).toBe(true);
    expect(holders[1]?.release()).toBe(false);
    expect([0, 1, 2].map((index) => ledger.isReturned(index))).toEqual([true, true, true]);
    expect([ledger.reclaim(), ledger.reclaim(), ledger.reclaim(), ledger.reclaim()]).toEqual([2, 1, 0, -1]);
    expect(ledger.lend(1, 3)).toBe(leaseWord(2, 3, LEASE_STATES.HANDED));
  });

  test("takes up what was asked, and answers it where somebody waits", () => {
    const { ledger, lend } = pair();
    const holder = lend(0, 2);
    expect(ledger.takeUp(0)).toBe(GONE);
    expect([holder.write(), holder.ask(), holder.ask(), holder.write()]).toEqual([true, true, false, false]);
    const word = ledger.takeUp(0);
    expect([holder.withdraw(), holder.take(), ledger.isAwaited(0, word)]).toEqual([false, false, true]);
    expect([ledger.answer(0, word), ledger.answer(0, word)]).toEqual([true, false]);
    expect([holder.take(), holder.idle, holder.release()]).toEqual([true, true, true]);
  });

  test("does not answer what was given back", () => {
    const { ledger, lend } = pair();
    const holder = lend(0, 2);
    holder.ask();
    const word = ledger.takeUp(0);
    expect([holder.release(), ledger.isAwaited(0, word), ledger.answer(0, word)]).toEqual([true, false, false]);
    expect([ledger.reclaim(), ledger.takeAbandoned(0), ledger.takeAbandoned(0)]).toEqual([-1, true, false]);
  });

  test("recovers what a dead holder had, and what it was giving away", () => {
    const { ledger, lend } = pair();
    ledger.board.words[WORKERS + 3] = 31;
    const writing = lend(0, 2);
    writing.write();
    expect(lend(1, 2).handOn(3, 30)).not.toBe(GONE);
    const other = lend(2, 3);
    expect([0, 1, 2].map((index) => ledger.recover(index, 2))).toEqual(["poisoned", "clean", null]);
    expect(writing.release()).toBe(false);
    expect(other.release()).toBe(true);
  });

  test("takes up nothing once it is closed", () => {
    const { ledger, lend } = pair();
    const holder = lend(0, 2);
    ledger.close();
    expect([holder.ask(), holder.idle, ledger.takeUp(0)]).toEqual([false, true, GONE]);
  });

  test("a holder keeps what it would hand to a Worker that has ended", () => {
    const { lend } = pair();
    const holder = lend(0, 2);
    expect([holder.handOn(3, 30), holder.idle, holder.release()]).toEqual([GONE, true, true]);
  });
});
