import type { Message } from "../../src/codec/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { GO } from "../contenders/ours.ts";
import { contendSeries, type OpenStream } from "./contender.ts";

/** `WsConnection`: a handler called for every message, which counts. */
class Stream implements OpenStream {
  #messages = 0;
  readonly #done: PromiseWithResolvers<void> = Promise.withResolvers();
  #ws: WsConnection | null = null;

  static async open(url: string): Promise<Stream> {
    const stream = new Stream();
    stream.#ws = await WsConnection.connect(url, stream);
    return stream;
  }

  message(_ws: WsConnection, message: Message): void {
    if (message.kind === "binary") this.#messages++;
    else if (message.kind === "text" && message.text().startsWith("end ")) this.#done.resolve();
  }

  error(_ws: WsConnection, error: unknown): void {
    this.#done.reject(error);
  }

  async run(): Promise<number> {
    this.#ws?.sendBinary(GO);
    await this.#done.promise;
    return this.#messages;
  }

  close(): void {
    this.#ws?.terminate();
  }
}

await contendSeries(Stream.open, async (url) => {
  const stream = await Stream.open(url);
  await stream.run();
  stream.close();
});
