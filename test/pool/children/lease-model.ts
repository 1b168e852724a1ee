/**
 * Invariant: however the single accesses of an owner and three holders to the words they share come one after another, and whoever of the
 * holders drops dead between two of them, each slot has one owner at each moment, goes only from state to state as the table has it, comes
 * back in the end, and nobody who must be told is left without a ring.
 *
 * The actors are threads that run the pool's own code (`lease-actor.ts`); this one lets one of them make one access at a time, as values drawn
 * by `fuzz` say. Prints `held`.
 */

import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import {
  ALIVE,
  BELL,
  CLOSED,
  FREE_HEAD,
  GIVER,
  LEASE,
  NEXT,
  newBoard,
  slotAt,
  WORKERS,
} from "../../../src/pool/shared-board.ts";
import { GONE } from "../../../src/pool/shared-holder.ts";
import { holderOf, isStep, LEASE_STATES, stateOf } from "../../../src/pool/shared-lease.ts";
import { fuzz } from "../../helpers/fuzz.ts";
import {
  ACTOR_WORDS,
  AT,
  DIES,
  FIRST,
  IDLE,
  OPERATION,
  OPERATIONS,
  RESULT,
  RUNS,
  SECOND,
  STANDS,
  THREADS,
} from "./lease-operations.ts";

const SLOTS = 2;
const OWNER = 1;
/** Owner and holders, by number. */
const ACTORS = [1, 2, 3, 4];

const board = newBoard({
  slots: SLOTS,
  requestCapacity: 8,
  responseCapacity: 8,
  headersCapacity: 8,
  ownerThread: THREADS + OWNER,
});
const { words } = board;
const control = new Int32Array(new SharedArrayBuffer(4 * ACTOR_WORDS * (ACTORS.length + 1)));
const script = fileURLToPath(new URL("./lease-actor.ts", import.meta.url));
const threads = ACTORS.map((number) => {
  const thread = new Worker(script, { workerData: { control, number } });
  thread.postMessage(board.memory);
  return thread;
});
for (const actor of ACTORS) await arrived(actor);

fuzz("lease-model", 0.1, fc.array(fc.nat(0xffffff), { minLength: 60, maxLength: 240 }), (choices) => {
  const run = new Run();
  for (const choice of choices) run.choose(choice);
  run.conclude();
});

for (const actor of ACTORS) start(actor, OPERATIONS.die, 0, 0);
await Promise.all(threads.map((thread) => new Promise((resolve) => thread.on("exit", resolve))));
console.log("held");

/** A handle on its way. */
interface Handle {
  readonly index: number;
  readonly word: number;
  readonly to: number;
}

/** One run from a fresh board, and what must be so at each moment of it. */
class Run {
  /** Who has each slot, as far as the actors know; 0 while it is on its way. */
  readonly #has: number[] = new Array(SLOTS).fill(OWNER);
  readonly #handles: Handle[] = [];
  readonly #dead: Set<number> = new Set();
  readonly #recovered: Set<number> = new Set();
  /** What each actor is at. */
  readonly #under: Map<number, readonly [operation: number, first: number, second: number]> = new Map();
  readonly #leases: number[];
  #wanted = false;

  constructor() {
    words.fill(0, CLOSED, slotAt(SLOTS));
    for (const number of ACTORS) words[WORKERS + number] = THREADS + number + 1;
    for (let index = 0; index < SLOTS; index++) words[slotAt(index) + ALIVE] = 1;
    this.#leases = this.#read();
    for (const actor of ACTORS) {
      start(actor, OPERATIONS.begin, 0, 0);
      while (at(actor) !== IDLE) go(actor);
    }
  }

  /** One in how many chances it dies: more often while it gives a lease away, which takes several accesses. */
  #danger(actor: number): number {
    const [operation] = this.#under.get(actor) ?? [OPERATIONS.ask];
    return operation === OPERATIONS.release || operation === OPERATIONS.handOn ? 11 : 97;
  }

  /** One access of an actor, or the start of something. */
  choose(choice: number): void {
    const actor = ACTORS[choice % ACTORS.length] as number;
    const rest = choice >> 2;
    if (this.#dead.has(actor)) this.#onDead(actor, rest);
    else if (actor !== OWNER && rest % this.#danger(actor) === 0) this.#kill(actor);
    else if (at(actor) === STANDS) this.#step(actor);
    else if (actor === OWNER) this.#ownerBegins(rest);
    else this.#holderBegins(actor, rest);
  }

  /** Lets all end what they are at, takes everything back, and looks whether it is all there. */
  conclude(): void {
    for (const actor of ACTORS) if (!this.#dead.has(actor)) this.#finish(actor);
    this.#checkRung();
    for (const actor of this.#dead) if (!this.#recovered.has(actor)) this.#recover(actor);
    this.#do(OWNER, OPERATIONS.answerBell, 0, 0);
    for (let index = 0; index < SLOTS; index++) this.#do(OWNER, OPERATIONS.answer, index, 0);
    for (const { index, word, to } of this.#handles) {
      if (!this.#dead.has(to)) this.#do(to, OPERATIONS.claim, index, word);
    }
    for (const [index, who] of this.#has.entries()) {
      if (who !== OWNER && who !== 0 && !this.#dead.has(who)) this.#do(who, OPERATIONS.release, index, 0);
    }
    this.#do(OWNER, OPERATIONS.answerBell, 0, 0);
    require(this.#has.every((who) => who === OWNER), `the owner has not all: ${this.#has.join()}`);
    const states = this.#read().map(stateOf);
    require(states.every((state) => state === LEASE_STATES.OWN), `not all are OWN: ${states.join()}`);
    require((words[FREE_HEAD] ?? 0) % 0x10000 === 0, "the free list is not empty");
  }

  #ownerBegins(rest: number): void {
    const index = rest % SLOTS;
    const way = Math.floor(rest / SLOTS);
    const to = 2 + (way % 3);
    const turn = Math.floor(way / 3) % 6;
    if (turn === 2) this.#begin(OWNER, OPERATIONS.answerBell, 0, 0);
    else if (turn === 3) this.#begin(OWNER, OPERATIONS.answer, index, 0);
    else if (turn >= 4) this.#begin(OWNER, OPERATIONS.want, way % 2, 0);
    else if (this.#has[index] === OWNER && !this.#dead.has(to)) this.#begin(OWNER, OPERATIONS.lend, index, to);
  }

  #holderBegins(actor: number, rest: number): void {
    const handle = this.#handles[rest % 5];
    const index = rest % SLOTS;
    const way = Math.floor(rest / 15);
    // Anybody may try a handle: another's, or one of an earlier lease.
    if (way % 3 === 0 && handle !== undefined) this.#begin(actor, OPERATIONS.claim, handle.index, handle.word);
    else if (this.#has[index] === actor) {
      const { write, ask, withdraw, take, release, handOn } = OPERATIONS;
      const operation = [write, ask, withdraw, take, release, release, handOn, handOn][Math.floor(way / 3) % 8] ?? ask;
      this.#begin(actor, operation, index, operation === handOn ? 2 + (Math.floor(way / 24) % 3) : 0);
    }
  }

  #begin(actor: number, operation: number, first: number, second: number): void {
    this.#under.set(actor, [operation, first, second]);
    // It may be somebody else's before the one who gives it away has come to the end of that.
    if (operation === OPERATIONS.release || operation === OPERATIONS.handOn || operation === OPERATIONS.lend)
      this.#has[first] = 0;
    start(actor, operation, first, second);
    this.#look(actor);
  }

  #step(actor: number): void {
    go(actor);
    this.#look(actor);
  }

  #finish(actor: number): void {
    while (at(actor) === STANDS) this.#step(actor);
  }

  /** All of an operation at once. */
  #do(actor: number, operation: number, first: number, second: number): void {
    this.#begin(actor, operation, first, second);
    this.#finish(actor);
  }

  /** After an access: did it make a step that the table has, and is the list whole? */
  #look(actor: number): void {
    for (const [index, now] of this.#read().entries()) {
      const before = this.#leases[index] ?? 0;
      if (now !== before) {
        require(isStep(before, now), `slot ${index} went from ${shown(before)} to ${shown(now)} by ${actor}`);
        const giver = stateOf(before) === LEASE_STATES.HANDED ? words[slotAt(index) + GIVER] : 0;
        const its = actor === OWNER || holderOf(before) === actor || giver === actor;
        require(its, `${actor} changed ${shown(before)}, which is another's`);
      }
      this.#leases[index] = now;
    }
    this.#checkList();
    if (at(actor) === IDLE) this.#ended(actor);
  }

  #ended(actor: number): void {
    const under = this.#under.get(actor);
    if (under === undefined) return;
    this.#under.delete(actor);
    const [operation, first, second] = under;
    const result = control[actor * ACTOR_WORDS + RESULT] ?? 0;
    switch (operation) {
      case OPERATIONS.claim:
        if (result === 1) this.#takes(actor, first);
        break;
      case OPERATIONS.release:
        require(result === 1, `${actor} could not release ${first}`);
        break;
      case OPERATIONS.lend:
        require(result !== GONE, `slot ${first} could not be lent`);
        this.#handles.unshift({ index: first, word: result, to: second });
        break;
      case OPERATIONS.handOn:
        // It stays where it was while a request is under way, and where there is nobody to take it.
        if (result !== GONE) this.#handles.unshift({ index: first, word: result, to: second });
        else if (holderOf(this.#leases[first] ?? 0) === actor) this.#has[first] = actor;
        break;
      case OPERATIONS.want:
        this.#wanted = first === 1;
        this.#ownerTakes(result);
        break;
      case OPERATIONS.answerBell:
      case OPERATIONS.recover:
        this.#ownerTakes(result);
        break;
    }
  }

  #ownerTakes(slots: number): void {
    for (let index = 0; index < SLOTS; index++) if ((slots >> index) & 1) this.#takes(OWNER, index);
  }

  #takes(actor: number, index: number): void {
    const who = this.#has[index] ?? 0;
    require(who === 0 || this.#dead.has(who), `${actor} has slot ${index}, which ${who} has`);
    this.#has[index] = actor;
  }

  #kill(actor: number): void {
    if (at(actor) === STANDS) {
      control[actor * ACTOR_WORDS + AT] = DIES;
      Atomics.notify(control, actor * ACTOR_WORDS + AT);
      while (Atomics.load(control, actor * ACTOR_WORDS + AT) !== IDLE) {
        Atomics.wait(control, actor * ACTOR_WORDS + AT, DIES, 100);
      }
    }
    this.#under.delete(actor);
    this.#dead.add(actor);
  }

  /** The owner learns of it at some time. */
  #onDead(actor: number, rest: number): void {
    if (rest % 2 === 0 && at(OWNER) === IDLE && !this.#recovered.has(actor)) this.#recover(actor);
  }

  #recover(actor: number): void {
    this.#finish(OWNER);
    this.#recovered.add(actor);
    this.#begin(OWNER, OPERATIONS.recover, actor, 0);
  }

  #checkList(): void {
    const seen = new Set<number>();
    for (let link = (words[FREE_HEAD] ?? 0) & 0xffff; link !== 0; link = words[slotAt(link - 1) + NEXT] ?? 0) {
      const index = link - 1;
      require(!seen.has(index), `slot ${index} is on the list twice`);
      seen.add(index);
      const state = stateOf(this.#leases[index] ?? 0);
      require(state === LEASE_STATES.RETURNED, `slot ${index} is on the list in state ${state}`);
    }
  }

  /** Where all stand still and the owner has not been rung for, there is nothing that it should see to. */
  #checkRung(): void {
    if (words[BELL] === 1) return;
    for (const [index, lease] of this.#leases.entries()) {
      const state = stateOf(lease);
      if (this.#dead.has(holderOf(lease))) continue;
      require(state !== LEASE_STATES.ASKED, `slot ${index} is asked for, and nobody rang`);
      require(state !== LEASE_STATES.ABANDONED, `slot ${index} is abandoned, and nobody rang`);
      require(state !== LEASE_STATES.RETURNED || !this.#wanted, `slot ${index} is wanted, and nobody rang`);
    }
  }

  #read(): number[] {
    return Array.from({ length: SLOTS }, (_, index) => words[slotAt(index) + LEASE] ?? 0);
  }
}

function at(actor: number): number {
  return Atomics.load(control, actor * ACTOR_WORDS + AT);
}

/** Waits until the actor stands still. */
async function arrived(actor: number): Promise<void> {
  while (at(actor) === RUNS) await Bun.sleep(1);
}

function start(actor: number, operation: number, first: number, second: number): void {
  const base = actor * ACTOR_WORDS;
  control[base + OPERATION] = operation;
  control[base + FIRST] = first;
  control[base + SECOND] = second;
  go(actor);
}

/** Lets the actor make its next access, and go on to the one behind it. */
function go(actor: number): void {
  const word = actor * ACTOR_WORDS + AT;
  Atomics.store(control, word, RUNS);
  Atomics.notify(control, word);
  if (control[actor * ACTOR_WORDS + OPERATION] === OPERATIONS.die) return;
  while (Atomics.load(control, word) === RUNS) Atomics.wait(control, word, RUNS, 1_000);
}

function shown(lease: number): string {
  return `${Object.keys(LEASE_STATES)[stateOf(lease)]} of ${holderOf(lease)} in lease ${lease >>> 12}`;
}

function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
