import type { Message } from "../../src/codec/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { type Contender, contend, Stopwatch } from "./contender.ts";
import { connectionOptions, Examiner, GO } from "./ours.ts";

/** `WsConnection`: a handler called for every message, synchronously. */
const handler: Contender = {
  async receive(url, ca) {
    const done = Promise.withResolvers<void>();
    let messages = 0;
    let bytes = 0;
    let end = "";
    const handlers = {
      message(_ws: WsConnection, message: Message): void {
        if (message.kind === "binary") {
          messages++;
          bytes += message.end - message.start;
        } else {
          end = message.text();
          done.resolve();
        }
      },
      error: (_ws: WsConnection, error: unknown): void => done.reject(error),
    };
    const ws = await WsConnection.connect(url, handlers, connectionOptions(ca));
    const stopwatch = new Stopwatch();
    ws.sendBinary(GO);
    await done.promise;
    const elapsed = stopwatch.stop();
    ws.terminate();
    return { messages, bytes, checksum: 0, end, elapsed };
  },

  async examine(url, ca) {
    const done = Promise.withResolvers<void>();
    const examiner = new Examiner();
    const handlers = {
      message(_ws: WsConnection, message: Message): void {
        if (examiner.take(message)) done.resolve();
      },
      error: (_ws: WsConnection, error: unknown): void => done.reject(error),
    };
    const ws = await WsConnection.connect(url, handlers, connectionOptions(ca));
    ws.sendBinary(GO);
    await done.promise;
    ws.terminate();
    return examiner.receipt;
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
