import { checksum } from "../corpus.ts";
import { type Contender, contend, Stopwatch, UNTIMED } from "./contender.ts";

/** Bun's own `WebSocket`, with the `Buffer`s it gives by default (`arraybuffer` was a third slower). */
const bunWebSocket: Contender = {
  async receive(url, ca) {
    const done = Promise.withResolvers<void>();
    const ws = await dial(url, ca);
    let messages = 0;
    let bytes = 0;
    let end = "";
    ws.onmessage = (event: MessageEvent<string | Uint8Array>) => {
      const data = event.data;
      if (typeof data === "string") {
        end = data;
        done.resolve();
      } else {
        messages++;
        bytes += data.byteLength;
      }
    };
    const stopwatch = new Stopwatch();
    ws.send("go");
    await done.promise;
    const elapsed = stopwatch.stop();
    ws.terminate();
    return { messages, bytes, checksum: 0, end, elapsed };
  },

  async examine(url, ca) {
    const done = Promise.withResolvers<void>();
    const ws = await dial(url, ca);
    const receipt = { messages: 0, bytes: 0, checksum: 0, end: "", elapsed: UNTIMED };
    ws.onmessage = (event: MessageEvent<string | Uint8Array>) => {
      const data = event.data;
      if (typeof data === "string" && data.startsWith("end ")) {
        receipt.end = data;
        done.resolve();
        return;
      }
      const payload = typeof data === "string" ? Buffer.from(data) : data;
      receipt.messages++;
      receipt.bytes += payload.length;
      receipt.checksum = checksum(receipt.checksum, payload, 0, payload.length);
    };
    ws.send("go");
    await done.promise;
    ws.terminate();
    return receipt;
  },

  async echo(url, ca, payload, count, record) {
    const done = Promise.withResolvers<void>();
    const ws = await dial(url, ca);
    let left = count;
    let started = 0;
    ws.onmessage = (event: MessageEvent<Uint8Array>) => {
      if (event.data.byteLength !== payload.length)
        throw new Error("Cannot accept the run: an echo has another length");
      record(Bun.nanoseconds() - started);
      if (--left === 0) {
        done.resolve();
        return;
      }
      started = Bun.nanoseconds();
      ws.send(payload);
    };
    started = Bun.nanoseconds();
    ws.send(payload);
    await done.promise;
    ws.terminate();
  },
};

async function dial(url: string, ca: string | null): Promise<WebSocket> {
  const open = Promise.withResolvers<void>();
  const ws = new WebSocket(url, ca === null ? {} : { tls: { ca } });
  ws.onopen = () => open.resolve();
  ws.onerror = () => open.reject(new Error(`Cannot connect Bun's WebSocket to ${url}`));
  await open.promise;
  return ws;
}

await contend(bunWebSocket);
