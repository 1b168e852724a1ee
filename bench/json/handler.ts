import type { Message } from "../../src/codec/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { Stopwatch } from "../contenders/contender.ts";
import { GO } from "../contenders/ours.ts";
import { contendJson } from "./contender.ts";

/** What market data begins with, and no end frame does. */
const BRACE = 0x7b;

/** `WsConnection`: `msg.json()` in the handler. */
class Handlers {
  messages = 0;
  sum = 0;
  readonly done: PromiseWithResolvers<string> = Promise.withResolvers();
  readonly #parses: boolean;

  constructor(parses: boolean) {
    this.#parses = parses;
  }

  message(_ws: WsConnection, message: Message): void {
    if (this.#parses && message.buffer[message.start] === BRACE) {
      this.messages++;
      this.sum = (this.sum + (message.json() as { u: number }).u) | 0;
    } else if (message.kind === "text" && message.text().startsWith("end ")) this.done.resolve(message.text());
  }

  error(_ws: WsConnection, error: unknown): void {
    this.done.reject(error);
  }
}

await contendJson({
  async receive(url) {
    const handlers = new Handlers(true);
    const ws = await WsConnection.connect(url, handlers);
    const stopwatch = new Stopwatch();
    ws.sendBinary(GO);
    const end = await handlers.done.promise;
    const { wall, cpu } = stopwatch.stop();
    ws.terminate();
    return { messages: handlers.messages, sum: handlers.sum, end, wall, cpu };
  },

  async drain(url) {
    const handlers = new Handlers(false);
    const ws = await WsConnection.connect(url, handlers);
    ws.sendBinary(GO);
    await handlers.done.promise;
    ws.terminate();
  },
});
