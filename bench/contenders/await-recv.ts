import { WsStream } from "../../src/ws/mod.ts";
import { type Contender, contend, Stopwatch } from "./contender.ts";
import { connectionOptions, Examiner, GO } from "./ours.ts";

/** `WsStream`: `await recv()` for every message. */
const awaitRecv: Contender = {
  async receive(url, ca) {
    const ws = await WsStream.connect(url, connectionOptions(ca));
    let messages = 0;
    let bytes = 0;
    let end = "";
    const stopwatch = new Stopwatch();
    ws.sendBinary(GO);
    for (let message = await ws.recv(); message !== null; message = await ws.recv()) {
      if (message.kind === "binary") {
        messages++;
        bytes += message.end - message.start;
      } else {
        end = message.text();
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
    for (let message = await ws.recv(); message !== null; message = await ws.recv()) {
      if (examiner.take(message)) break;
    }
    ws.terminate();
    return examiner.receipt;
  },

  async echo(url, ca, payload, count, record) {
    const ws = await WsStream.connect(url, connectionOptions(ca));
    for (let left = count; left > 0; left--) {
      const started = Bun.nanoseconds();
      ws.sendBinary(payload);
      const message = await ws.recv();
      record(Bun.nanoseconds() - started);
      if (message?.length !== payload.length) throw new Error("Cannot accept the run: an echo has another length");
    }
    ws.terminate();
  },
};

await contend(awaitRecv);
