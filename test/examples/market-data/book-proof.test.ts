import { expect, test } from "bun:test";
import { BookProof } from "../../../examples/market-data/book-proof.ts";
import { DepthBook } from "../../../examples/market-data/depth-book.ts";
import type { DepthUpdate, Snapshot } from "../../../examples/market-data/events.ts";

function snapshot(lastUpdateId: number, quantity = "1"): Snapshot {
  return { lastUpdateId, bids: [["10", quantity]], asks: [["11", "1"]] };
}

/** A book at update 100, and the proof of it. */
function begun(): { proof: BookProof; receive: (diff: DepthUpdate) => void } {
  const book = new DepthBook();
  book.start(snapshot(100));
  const proof = new BookProof(book, 5_000);
  const receive = (diff: DepthUpdate): void => {
    book.apply(diff);
    proof.receive(diff);
  };
  return { proof, receive };
}

function diff(U: number, u: number, quantity: string): DepthUpdate {
  return { E: 0, U, u, b: [["10", quantity]], a: [] };
}

test("a snapshot of the very moment makes it at once", () => {
  const { proof } = begun();
  expect(proof.wantsSnapshot).toBe(true);
  expect(proof.take(snapshot(100))).toBe("started");
  expect([proof.isMade, proof.wantsSnapshot, proof.levels, proof.difference]).toEqual([true, false, 2, null]);
});

test("a snapshot ahead is compared once the book has caught up with it", () => {
  const { proof, receive } = begun();
  proof.take(snapshot(104, "4"));
  receive(diff(101, 103, "3"));
  expect([proof.isMade, proof.wantsSnapshot]).toEqual([false, false]);
  receive(diff(104, 104, "4"));
  expect([proof.levels, proof.difference]).toEqual([2, null]);
});

test("a snapshot behind is brought forward", () => {
  const { proof, receive } = begun();
  receive(diff(101, 103, "3"));
  receive(diff(104, 106, "6"));
  expect(proof.take(snapshot(99))).toBe("stale");
  expect(proof.take(snapshot(102, "2"))).toBe("started");
  expect([proof.levels, proof.difference]).toEqual([2, null]);
});

test("one asked for too early is found out by the next diff, and another is wanted", () => {
  const { proof, receive } = begun();
  proof.take(snapshot(90));
  receive(diff(101, 103, "3"));
  expect([proof.isMade, proof.wantsSnapshot]).toEqual([false, true]);
  proof.take(snapshot(103, "3"));
  expect(proof.isMade).toBe(true);
});

test("a difference is told, and stays told", () => {
  const { proof, receive } = begun();
  proof.take(snapshot(100, "2"));
  expect([proof.levels, proof.difference]).toEqual([0, "bid 10 has quantity 1 in the book and 2 at the exchange"]);
  receive(diff(101, 103, "3"));
  expect(proof.difference).not.toBeNull();
});
