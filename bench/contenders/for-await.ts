import { WsStream } from "../../src/ws/mod.ts";
import { type Contender, contend, Stopwatch } from "./contender.ts";
import { connectionOptions, Examiner, GO } from "./ours.ts";

/** `WsStream`: `for await`, each message a copy that owns its data. */
const forAwait: Contender = {
  async receive(url, ca) {
    const ws = await WsStream.connect(url, connectionOptions(ca));
    let messages = 0;
    let bytes = 0;
    let end = "";
    const stopwatch = new Stopwatch();
    ws.sendBinary(GO);
    for await (const message of ws) {
      if (message.kind === "binary") {
        messages++;
        bytes += message.bytes.length;
      } else if (message.kind === "text") {
        end = message.text;
        break;
      }
    }
    const elapsed = stopwatch.stop();
    ws.terminate();
    return { messages, bytes, checksum: 0, end, elapsed };
  },

  async examine(url, ca) {
    const ws = await WsStream.connect(url, connectionOptions(ca));
    const examiner = new Examiner();
    ws.sendBinary(GO);
    for await (const message of ws) {
      if (message.kind !== "binary" && message.kind !== "text") continue;
      const text = message.kind === "text" ? message.text : null;
      const bytes = message.kind === "text" ? Buffer.from(message.text) : message.bytes;
      if (examiner.takeBytes(bytes, 0, bytes.length, text)) break;
    }
    ws.terminate();
    return examiner.receipt;
  },

  async echo(url, ca, payload, count, record) {
    const ws = await WsStream.connect(url, connectionOptions(ca));
    let left = count;
    let started = Bun.nanoseconds();
    ws.sendBinary(payload);
    for await (const message of ws) {
      record(Bun.nanoseconds() - started);
      if (message.kind !== "binary" || message.bytes.length !== payload.length) {
        throw new Error("Cannot accept the run: an echo has another length");
      }
      if (--left === 0) break;
      started = Bun.nanoseconds();
      ws.sendBinary(payload);
    }
    ws.terminate();
  },
};

await contend(forAwait);
