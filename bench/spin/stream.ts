import { SpinWsStream } from "../../src/ws/spin-stream.ts";
import { type Contender, Stopwatch } from "../contenders/contender.ts";
import { connectionOptions, Examiner, GO } from "../contenders/ours.ts";

/** `SpinWsStream`, whose thread does nothing else; how it waits is the second argument. */
export function spinContender(wait: "spin" | "poll" | "spin-then-poll"): Contender {
  return {
    async receive(url, ca) {
      const ws = await SpinWsStream.connect(url, { ...connectionOptions(ca), wait });
      let messages = 0;
      let bytes = 0;
      let end = "";
      const stopwatch = new Stopwatch();
      ws.sendBinary(GO);
      for (let message = ws.recv(); message !== null; message = ws.recv()) {
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
      const ws = await SpinWsStream.connect(url, { ...connectionOptions(ca), wait });
      const examiner = new Examiner();
      ws.sendBinary(GO);
      for (let message = ws.recv(); message !== null; message = ws.recv()) {
        if (examiner.take(message)) break;
      }
      ws.terminate();
      return examiner.receipt;
    },

    async echo(url, ca, payload, count, record) {
      const ws = await SpinWsStream.connect(url, { ...connectionOptions(ca), wait });
      for (let left = count; left > 0; left--) {
        const started = Bun.nanoseconds();
        ws.sendBinary(payload);
        const message = ws.recv();
        record(Bun.nanoseconds() - started);
        if (message?.length !== payload.length) throw new Error("Cannot accept the run: an echo has another length");
      }
      ws.terminate();
    },
  };
}
