import { expect, test } from "bun:test";
import { Doorbell } from "../../src/pool/atomic-doorbell.ts";
import { BELL, newBoard } from "../../src/pool/shared-board.ts";
import { turn, until } from "../helpers/wait.ts";

const SIZES = { slots: 1, requestCapacity: 8, responseCapacity: 8, headersCapacity: 8, ownerThread: 0 };

test("a doorbell is answered once for many rings, and again for the next", async () => {
  const board = newBoard(SIZES);
  let answers = 0;
  const doorbell = new Doorbell(board.words, () => {
    answers++;
  });
  for (const count of [1, 2, 3]) {
    for (let ring = 0; ring < 5; ring++) board.ring();
    expect(board.words[BELL]).toBe(1);
    await until(() => answers === count);
    expect(board.words[BELL]).toBe(0);
  }
  doorbell.takeDown();
  await turn();
});

test("a ring within the answer is answered, and lets others have their turn", async () => {
  const board = newBoard(SIZES);
  let answers = 0;
  let turns = 0;
  const doorbell = new Doorbell(board.words, () => {
    if (answers++ < 50) board.ring();
  });
  const timer = setInterval(() => {
    turns++;
  });
  board.ring();
  await until(() => answers === 51);
  expect(turns).toBeGreaterThan(0);
  clearInterval(timer);
  doorbell.takeDown();
});

test("one that was rung before it was put up is answered; one that was taken down is not, and nobody waits on it", async () => {
  const board = newBoard(SIZES);
  board.ring();
  let answers = 0;
  const doorbell = new Doorbell(board.words, () => {
    answers++;
  });
  await until(() => answers === 1);
  doorbell.takeDown();
  await turn();
  expect(Atomics.notify(board.words, BELL)).toBe(0);
  board.ring();
  await turn();
  expect(answers).toBe(1);
});
