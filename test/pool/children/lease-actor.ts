/**
 * A thread of `lease-model.ts`: does one operation after another on the shared words, with the code that the pool uses, and stands still before
 * each single access to shared memory until it is let go on.
 */
import { parentPort, workerData } from "node:worker_threads";
import { ACQUIRER, BELL, Board, WORKERS } from "../../../src/pool/shared-board.ts";
import { GONE, Holder } from "../../../src/pool/shared-holder.ts";
import { Ledger } from "../../../src/pool/shared-ledger.ts";
import {
  ACTOR_WORDS,
  type ActorData,
  AT,
  DIES,
  FIRST,
  IDLE,
  OPERATION,
  OPERATIONS,
  RESULT,
  SECOND,
  STANDS,
  THREADS,
} from "./lease-operations.ts";

class Dead extends Error {}

const { control, number } = workerData as ActorData;
const base = number * ACTOR_WORDS;
const { load, store, exchange, compareExchange, notify, wait } = Atomics;
let board: Board | null = null;
let ledger: Ledger | null = null;
let holders: (Holder | null)[] = [];
/** By slot: what the owner has taken up. */
let sending: number[] = [];
/** By slot: whether the operation under way made it the owner's. */
let mine = 0;

const STEPS: Readonly<Record<number, (first: number, second: number) => number>> = {
  [OPERATIONS.claim]: (index, word) => {
    const holder = new Holder(current(), index, word);
    const claimed = holder.claim(number);
    if (claimed) holders[index] = holder;
    return Number(claimed);
  },
  [OPERATIONS.write]: (index) => Number(holders[index]?.write()),
  [OPERATIONS.ask]: (index) => Number(holders[index]?.ask()),
  [OPERATIONS.withdraw]: (index) => Number(holders[index]?.withdraw()),
  [OPERATIONS.take]: (index) => Number(holders[index]?.take()),
  [OPERATIONS.release]: (index) => Number(holders[index]?.release()),
  [OPERATIONS.handOn]: (index, to) => holders[index]?.handOn(to, THREADS + to) ?? GONE,
  [OPERATIONS.lend]: (index, to) => owner().lend(index, to),
  [OPERATIONS.answerBell]: () => {
    Atomics.exchange(current().words, BELL, 0);
    drain();
    for (let index = 0; index < current().size; index++) {
      if (owner().takeAbandoned(index)) mine |= 1 << index;
      const word = owner().takeUp(index);
      if (word !== GONE) sending[index] = word;
    }
    return mine;
  },
  [OPERATIONS.answer]: (index) => {
    const word = sending[index] ?? GONE;
    sending[index] = GONE;
    return word === GONE ? 0 : Number(owner().answer(index, word));
  },
  [OPERATIONS.recover]: (dead) => {
    Atomics.store(current().words, WORKERS + dead, 0);
    drain();
    for (let index = 0; index < current().size; index++) if (owner().recover(index, dead) !== null) mine |= 1 << index;
    return mine;
  },
  [OPERATIONS.want]: (wanted) => {
    owner().want(wanted === 1);
    drain();
    return mine;
  },
};

function drain(): void {
  for (let index = owner().reclaim(); index >= 0; index = owner().reclaim()) mine |= 1 << index;
}

function current(): Board {
  if (board === null) throw new Error("Cannot act: there is no board");
  return board;
}

function owner(): Ledger {
  if (ledger === null) throw new Error("Cannot act: this is not the owner");
  return ledger;
}

/** Stands still until it is let go on. */
function stand(at: number): void {
  store(control, base + AT, at);
  notify(control, base + AT);
  let now = at;
  while (now === at) {
    wait(control, base + AT, at);
    now = load(control, base + AT);
  }
  if (now === DIES) throw new Dead();
}

function stepwise<Rest extends unknown[], Result>(access: (...rest: Rest) => Result): (...rest: Rest) => Result {
  return (...rest) => {
    stand(STANDS);
    return access(...rest);
  };
}

// Typed arrays are read by locals at most: every access that matters is one of these.
Object.assign(Atomics, {
  load: stepwise(load as (words: Int32Array, at: number) => number),
  store: stepwise(store as (words: Int32Array, at: number, value: number) => number),
  exchange: stepwise(exchange as (words: Int32Array, at: number, value: number) => number),
  compareExchange: stepwise(
    compareExchange as (words: Int32Array, at: number, expected: number, value: number) => number,
  ),
});

parentPort?.on("message", (memory: SharedArrayBuffer | null) => {
  if (memory === null) process.exit();
  for (;;) {
    stand(IDLE);
    const operation = control[base + OPERATION] ?? 0;
    if (operation === OPERATIONS.die) break;
    mine = 0;
    try {
      if (operation === OPERATIONS.begin) begin(memory);
      else control[base + RESULT] = STEPS[operation]?.(control[base + FIRST] ?? 0, control[base + SECOND] ?? 0) ?? 0;
    } catch (error) {
      if (!(error instanceof Dead)) throw error;
    }
  }
  process.exit();
});

function begin(memory: SharedArrayBuffer): void {
  board = new Board(memory);
  holders = [];
  sending = [];
  if (number === 1) {
    store(board.words, ACQUIRER, 0);
    ledger = new Ledger(board, THREADS + 1);
  }
}
