import { expect, test } from "bun:test";
import { Book, decimalText } from "../../../examples/exchange/book.ts";

function makeBook(): { book: Book; bid: number; ask: number } {
  const book = new Book({ name: "ABC", startPrice: 10_000, priceDecimals: 2, lotDecimals: 3 }, 100);
  const { bestBid: bid, bestAsk: ask } = book;
  for (let away = 0; away < 5; away++) {
    book.seed("bid", bid - away, 1_000);
    book.seed("ask", ask + away, 2_000);
  }
  return { book, bid, ask };
}

test("numbers are printed with eight decimals, as the venue does", () => {
  expect(decimalText(671_250, 1)).toBe("67125.00000000");
  expect(decimalText(5, 5)).toBe("0.00005000");
  expect(decimalText(7, 0)).toBe("7.00000000");
});

test("seeded levels take no update id and are in no diff", () => {
  const { book } = makeBook();
  expect(book.takeDiff()).toBeNull();
  expect(book.snapshot(2)).toEqual({
    lastUpdateId: 100,
    bids: [
      ["100.00000000", "1.00000000"],
      ["99.99000000", "1.00000000"],
    ],
    asks: [
      ["100.01000000", "2.00000000"],
      ["100.02000000", "2.00000000"],
    ],
  });
});

test("the best price follows a level that goes and one that comes", () => {
  const { book, bid } = makeBook();
  book.change("bid", bid, 0);
  expect(book.bestBid).toBe(bid - 1);
  book.change("bid", bid, 5);
  expect(book.bestBid).toBe(bid);
  book.change("bid", bid - 3, 0);
  expect(book.bestBid).toBe(bid);
});

test("a diff names each changed level once, with its last quantity, best first, and removals as zero", () => {
  const { book, bid, ask } = makeBook();
  book.change("bid", bid - 2, 7);
  book.change("bid", bid, 3);
  book.change("bid", bid, 4);
  book.change("ask", ask + 1, 0);
  expect(book.takeDiff()).toEqual({
    firstUpdateId: 101,
    finalUpdateId: 104,
    bids: [
      ["100.00000000", "0.00400000"],
      ["99.98000000", "0.00700000"],
    ],
    asks: [["100.02000000", "0.00000000"]],
  });
  expect(book.takeDiff()).toBeNull();
  book.change("bid", bid, 9);
  expect(book.takeDiff()).toMatchObject({
    firstUpdateId: 105,
    finalUpdateId: 105,
    bids: [["100.00000000", "0.00900000"]],
  });
});
