import type { Message } from "../../src/codec/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { type Contender, contend, type Receipt, Stopwatch } from "./contender.ts";
import { connectionOptions, Examiner, GO } from "./ours.ts";

/** One program's handlers, as a market-data script has them: they count what comes, and look closer where they are told to. */
class Handlers {
  messages = 0;
  bytes = 0;
  readonly examiner: Examiner = new Examiner();
  readonly done: PromiseWithResolvers<string> = Promise.withResolvers();
  readonly #checked: boolean;

  constructor(checked: boolean) {
    this.#checked = checked;
  }

  message(_ws: WsConnection, message: Message): void {
    if (message.kind !== "binary" || this.#checked) this.#look(message);
    else {
      this.messages++;
      this.bytes += message.end - message.start;
    }
  }

  error(_ws: WsConnection, error: unknown): void {
    this.done.reject(error);
  }

  #look(message: Message): void {
    if (!this.#checked) this.done.resolve(message.text());
    else if (this.examiner.take(message)) this.done.resolve(this.examiner.receipt.end);
  }
}

/** `WsConnection`: a handler called for every message, synchronously. */
const handler: Contender = {
  async receive(url, ca) {
    const handlers = new Handlers(false);
    const ws = await WsConnection.connect(url, handlers, connectionOptions(ca));
    const stopwatch = new Stopwatch();
    ws.sendBinary(GO);
    const end = await handlers.done.promise;
    const elapsed = stopwatch.stop();
    ws.terminate();
    return { messages: handlers.messages, bytes: handlers.bytes, checksum: 0, end, elapsed };
  },

  async examine(url, ca): Promise<Receipt> {
    const handlers = new Handlers(true);
    const ws = await WsConnection.connect(url, handlers, connectionOptions(ca));
    ws.sendBinary(GO);
    await handlers.done.promise;
    ws.terminate();
    return handlers.examiner.receipt;
  },

  async echo(url, ca, payload, count, record) {
    const done = Promise.withResolvers<void>();
    let left = count;
    let started = 0;
    const handlers = {
      message(ws: WsConnection, message: Message): void {
        if (message.length !== payload.length) throw new Error("Cannot accept the run: an echo has another length");
        record(Bun.nanoseconds() - started);
        if (--left === 0) {
          done.resolve();
          return;
        }
        started = Bun.nanoseconds();
        ws.sendBinary(payload);
      },
      error: (_ws: WsConnection, error: unknown): void => done.reject(error),
    };
    const ws = await WsConnection.connect(url, handlers, connectionOptions(ca));
    started = Bun.nanoseconds();
    ws.sendBinary(payload);
    await done.promise;
    ws.terminate();
  },
};

await contend(handler);
