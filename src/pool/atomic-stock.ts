import { threadId } from "node:worker_threads";
import { UsageError } from "../codec/errors.ts";
import { notReusable } from "../http/errors.ts";
import { Courier } from "./atomic-courier.ts";
import type { ClientPoolOptions, PoolSettings } from "./options.ts";
import { Pipe, type PipeOwner } from "./pipe.ts";
import { Retries } from "./retries.ts";
import { type Board, newBoard } from "./shared-board.ts";
import { Exchange } from "./shared-exchange.ts";
import { MOST_SLOTS } from "./shared-free-list.ts";
import { checkRoom, prefixCapacity, publish, type SharedPrefix, withField } from "./shared-headers.ts";
import { Ledger } from "./shared-ledger.ts";
import { notWatched, numberOf, type SharedHandle, type WorkerThread } from "./shared-part.ts";

/** What an `AtomicClientPool` shares with Workers, and the connections behind it. */
export class Stock {
  readonly board: Board;
  readonly ledger: Ledger;
  readonly pipes: readonly Pipe[];
  readonly #memories: readonly SharedArrayBuffer[];
  readonly #couriers: readonly Courier[];
  #prefix: SharedPrefix;

  constructor(options: ClientPoolOptions, settings: PoolSettings, owner: PipeOwner) {
    const { requestBufferCapacity: requestCapacity, responseBufferCapacity: responseCapacity } = settings;
    if (settings.connections > MOST_SLOTS) {
      const detail = `connections is ${settings.connections}, and Workers can share ${MOST_SLOTS}`;
      throw new UsageError("OPTION_OUT_OF_RANGE", `Cannot create pool: ${detail}`);
    }
    const prefix = {
      host: new URL(settings.url).host,
      basePath: settings.basePath,
      fields: settings.defaultHeaders,
    };
    const board = newBoard({
      slots: settings.connections,
      requestCapacity,
      responseCapacity,
      headersCapacity: prefixCapacity(prefix, requestCapacity),
      ownerThread: threadId,
    });
    const ledger = new Ledger(board, threadId);
    const memories = Array.from({ length: settings.connections }, () => board.newSlotMemory());
    const exchanges = memories.map((memory, index) => new Exchange(board, memory, index));
    this.board = board;
    this.ledger = ledger;
    this.#memories = memories;
    const retries = new Retries();
    this.pipes = exchanges.map((exchange, index) => new Pipe(index, owner, options, settings, retries, exchange));
    this.#couriers = exchanges.map((exchange, index) => new Courier(this.pipes[index] as Pipe, exchange, ledger));
    this.#prefix = prefix;
    publish(board, prefix);
  }

  /** Hands slot `index`, which is acquired, to a Worker that is watched. */
  lend(index: number, worker: WorkerThread): SharedHandle {
    const number = numberOf(this.board, worker.threadId);
    if (number === null) throw notWatched("share", worker.threadId);
    const state = this.pipes[index]?.connection?.state;
    if (state === "busy" || state === "streaming") throw notReusable(state, null);
    const word = this.ledger.lend(index, number);
    return { board: this.board.memory, memory: this.#memories[index] as SharedArrayBuffer, index, word };
  }

  /** Sends what the holder of slot `index` asks for, if it does. */
  serve(index: number): void {
    this.#couriers[index]?.look();
  }

  /** For the requests that are begun from now on, in all threads. */
  setDefaultHeader(name: string, value: string): void {
    const prefix = { ...this.#prefix, fields: withField(this.#prefix.fields, name, value) };
    checkRoom(this.board, prefix);
    for (const { writer } of this.pipes) writer.setDefaultHeader(name, value);
    this.#prefix = prefix;
    publish(this.board, prefix);
  }
}
