import { AcquireLine } from "./acquire-line.ts";
import { AtomicClientSlot, type AtomicSlotOwner } from "./atomic-client-slot.ts";
import { Stock } from "./atomic-stock.ts";
import { ACQUIRED, LENT, TOUCHED } from "./client-slot.ts";
import { notAcquired } from "./errors.ts";
import { LifoStack } from "./lifo-stack.ts";
import type { ClientPoolOptions, PoolEvents, PoolSettings } from "./options.ts";
import type { Pipe } from "./pipe.ts";
import type { SharedHandle, WorkerThread } from "./shared-part.ts";

/**
 * Where each slot of an `AtomicClientPool` is: idle, parked while its connection is dead, away with a Worker, or acquired by the pool's
 * thread, and then nowhere here.
 */
export class Keeper implements AtomicSlotOwner {
  readonly stock: Stock;
  readonly line: AcquireLine<AtomicClientSlot>;
  /** Slots that this thread can acquire at once; others may have been given back by Workers. */
  readonly idle: LifoStack<AtomicClientSlot> = new LifoStack();
  /** Connections made since the first ones. */
  reconnects = 0;
  closed = false;
  unseen: typeof ACQUIRED | null = ACQUIRED;
  /** Connections that died while this thread had their slot: it has not given it back yet. */
  readonly #lost: Set<Pipe> = new Set();
  /** By number: the slots that wait for a connection. One that is acquired is held by nobody here, so that it is found when it is forgotten. */
  readonly #parked: (AtomicClientSlot | null)[];
  /** By number: the slots that Workers have, or have given back. */
  readonly #away: (AtomicClientSlot | null)[];
  readonly #events: PoolEvents;
  readonly #onAllParked: () => void;
  readonly #forgotten: FinalizationRegistry<Pipe> = new FinalizationRegistry((pipe) => this.#replace(pipe));

  /** `onAllParked` is called once the pool is closed and every slot has come back. */
  constructor(options: ClientPoolOptions, settings: PoolSettings, onAllParked: () => void) {
    this.stock = new Stock(options, settings, {
      ready: (pipe) => this.#ready(pipe),
      died: (pipe) => this.#died(pipe),
      failed: (pipe, error, delay) => this.#failed(pipe, error, delay),
    });
    const { pipes } = this.stock;
    this.#events = settings.events;
    this.#onAllParked = onAllParked;
    this.#parked = pipes.map((pipe) => this.#makeSlot(pipe));
    this.#away = pipes.map(() => null);
    this.line = new AcquireLine(
      settings.acquireTimeout,
      () => pipes.filter(({ index }) => this.#parked[index] !== null),
      (length) => this.#onLine(length),
    );
  }

  get parked(): number {
    return this.#parked.filter((slot) => slot !== null).length;
  }

  /** Slots that Workers have given back alive, and nobody has looked at since. */
  get returned(): number {
    return this.#away.filter((slot, index) => slot?.live?.state === "idle" && this.stock.ledger.isReturned(index))
      .length;
  }

  /** The next slot to acquire once the stack is empty, or `dead` was on top of it. */
  search(dead: AtomicClientSlot | null): AtomicClientSlot | null {
    if (dead !== null) this.#revive(dead);
    let next = this.#nextReady();
    if (next === null) {
      this.#drain();
      next = this.#nextReady();
    }
    this.#judge();
    return next;
  }

  /** What a slot's release does. */
  takeBack(slot: AtomicClientSlot): void {
    this.#lost.delete(slot.pipe);
    this.#shelve(slot);
    this.#judge();
  }

  /** What sharing it does. */
  lend(slot: AtomicClientSlot, worker: WorkerThread): SharedHandle {
    const handle = this.stock.lend(slot.index, worker);
    slot.use = LENT;
    // From now on it is looked for among those that are away.
    this.#lost.delete(slot.pipe);
    this.#judge();
    this.#away[slot.index] = slot;
    return handle;
  }

  /** Lends nothing any more. */
  close(): void {
    this.closed = true;
    this.line.rejectAll(() => notAcquired("POOL_CLOSED", "the pool was closed"));
    this.#onLine(0);
    for (const slot of this.#parked) slot?.pipe.close();
    for (let slot = this.idle.pop(); slot !== null; slot = this.idle.pop()) this.#retire(slot);
    this.#settleClosed();
  }

  /** Takes nothing up any more for Workers: who asks from now on sees that. */
  end(): void {
    this.stock.ledger.close();
    for (const index of this.#away.keys()) this.stock.serve(index);
  }

  /** Somebody rang: a slot came back, or a Worker asks for something. */
  look(): void {
    this.#drain();
    for (const [index, slot] of this.#away.entries()) {
      if (slot === null) continue;
      if (this.stock.ledger.takeAbandoned(index)) this.#comeBack(index, true);
      else this.stock.serve(index);
    }
  }

  /** A Worker has ended: takes what it held. */
  recover(number: number): void {
    this.#drain();
    for (const index of this.#away.keys()) {
      const recovered = this.stock.ledger.recover(index, number);
      if (recovered !== null) this.#comeBack(index, recovered === "poisoned");
    }
    // It may have ended before it rang.
    this.look();
  }

  /** Acquires the slot of `pipe` where it is idle. */
  take(pipe: Pipe): AtomicClientSlot | null {
    this.#drain();
    const slot = this.idle.remove((candidate) => candidate.pipe === pipe && pipe.isReady);
    if (slot !== null) slot.use = TOUCHED;
    return slot;
  }

  #nextReady(): AtomicClientSlot | null {
    for (let slot = this.idle.pop(); slot !== null; slot = this.idle.pop()) {
      if (slot.pipe.isReady) return slot;
      this.#revive(slot);
    }
    return null;
  }

  /** Takes what Workers have given back. */
  #drain(): void {
    const { ledger } = this.stock;
    for (let index = ledger.reclaim(); index >= 0; index = ledger.reclaim()) this.#comeBack(index, false);
  }

  /** A slot is this thread's again; `poisoned`: its connection is in the middle of something that nobody will finish. */
  #comeBack(index: number, poisoned: boolean): void {
    const slot = this.#away[index];
    this.#away[index] = null;
    if (slot === null || slot === undefined) return;
    if (poisoned) this.#drop(slot.pipe);
    this.#shelve(slot);
  }

  /** Puts a slot back, or to the first in line; where its connection is of no more use, only once it has a new one. */
  #shelve(slot: AtomicClientSlot): void {
    if (this.closed) {
      this.#retire(slot);
      this.#settleClosed();
    } else if (!slot.pipe.isReady) this.#revive(slot);
    else if (this.line.length === 0) this.idle.push(slot);
    else {
      slot.use = TOUCHED;
      this.line.serve(slot);
    }
  }

  #retire(slot: AtomicClientSlot): void {
    this.#parked[slot.index] = slot;
    slot.pipe.close();
  }

  #revive(slot: AtomicClientSlot): void {
    this.#parked[slot.index] = slot;
    slot.live = null;
    this.#lost.delete(slot.pipe);
    this.#drop(slot.pipe);
    slot.pipe.revive();
  }

  #drop(pipe: Pipe): void {
    // One that had died before was told of when it did.
    if (pipe.drop()) this.#tell("died", pipe.index);
  }

  #ready(pipe: Pipe): void {
    this.reconnects++;
    this.line.lastError = null;
    this.stock.ledger.mark(pipe.index, true);
    this.#tell("connected", pipe.index);
    const slot = this.#parked[pipe.index];
    this.#parked[pipe.index] = null;
    if (slot === null || slot === undefined) return;
    slot.live = pipe.connection;
    this.#shelve(slot);
  }

  #died(pipe: Pipe): void {
    this.stock.ledger.mark(pipe.index, false);
    this.#tell("died", pipe.index);
    // One that is acquired is looked at when it is released; a Worker may just be doing that.
    const slot = this.idle.remove((candidate) => candidate.pipe === pipe);
    if (slot !== null) this.#revive(slot);
    else if (this.#away[pipe.index] !== null) this.#drain();
    else this.#lost.add(pipe);
    this.#judge();
  }

  #failed(pipe: Pipe, error: Error, delay: number): void {
    this.line.lastError = error;
    this.#tell("connectFailed", pipe.index, error, delay);
    if (this.line.length > 0) pipe.hurry();
  }

  #makeSlot(pipe: Pipe): AtomicClientSlot {
    const slot = new AtomicClientSlot(pipe, this);
    this.#forgotten.register(slot, pipe);
    return slot;
  }

  /** A slot was acquired and collected: who had it may still hold its connection, so that is cut. */
  #replace(pipe: Pipe): void {
    if (!this.closed) this.#tell("forgotten", pipe.index);
    pipe.drop();
    this.takeBack(this.#makeSlot(pipe));
  }

  /** So many wait in line. */
  #onLine(length: number): void {
    const wanted = length > 0 || this.closed;
    this.#judge();
    this.stock.ledger.want(wanted);
    // What a Worker gave back before it could see that.
    if (wanted) this.#drain();
  }

  #judge(): void {
    this.unseen = this.line.length === 0 && !this.closed && this.#lost.size === 0 ? ACQUIRED : null;
  }

  #settleClosed(): void {
    if (this.#parked.every((slot) => slot !== null)) this.#onAllParked();
  }

  #tell<Name extends keyof PoolEvents>(name: Name, ...details: Parameters<NonNullable<PoolEvents[Name]>>): void {
    const listener = this.#events[name] as ((...details: readonly unknown[]) => void) | undefined;
    if (listener === undefined) return;
    try {
      listener(...details);
    } catch (error) {
      console.error(error);
    }
  }
}
