import type { Message } from "../../src/codec/mod.ts";
import { SpinWsStream } from "../../src/ws/spin-stream.ts";
import { contend, Stopwatch } from "../contenders/contender.ts";
import { connectionOptions, GO } from "../contenders/ours.ts";
import { spinContender } from "./stream.ts";

/** Counts what comes, as the event backend's contender does. */
class Counting {
  messages = 0;
  bytes = 0;
  end: string | null = null;

  message(_ws: SpinWsStream, message: Message): void {
    if (message.kind !== "binary") this.#finish(message);
    else {
      this.messages++;
      this.bytes += message.end - message.start;
    }
  }

  #finish(message: Message): void {
    this.end = message.text();
  }
}

/** `SpinWsStream` with a handler, one call for all messages of a read. */
await contend({
  ...spinContender("spin"),
  async receive(url, ca) {
    const ws = await SpinWsStream.connect(url, { ...connectionOptions(ca), wait: "spin" });
    const counting = new Counting();
    const stopwatch = new Stopwatch();
    ws.sendBinary(GO);
    while (counting.end === null) ws.recvAll(counting);
    const elapsed = stopwatch.stop();
    ws.terminate();
    return { messages: counting.messages, bytes: counting.bytes, checksum: 0, end: counting.end, elapsed };
  },
});
