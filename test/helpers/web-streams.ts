import type { StreamPair } from "../../src/socket/stream-transport.ts";
import type { Transport } from "../../src/socket/transport.ts";

/** A transport as a pair of web streams, with the back-pressure of both: the way back from `streamTransport`. */
export function byteStreams(transport: Transport): StreamPair {
  let source: ReadableStreamDefaultController<Uint8Array> | null = null;
  let room: PromiseWithResolvers<void> | null = null;
  let over = false;
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      source = controller;
    },
    pull: () => transport.resume(),
    cancel() {
      over = true;
      transport.terminate();
    },
  });
  const writable = new WritableStream<Uint8Array>({
    async write(chunk) {
      for (let offset = 0; offset < chunk.length; ) {
        const taken = transport.write(chunk, offset, chunk.length - offset);
        if (taken < 0) throw new Error("the transport is closed");
        offset += taken;
        if (offset === chunk.length) break;
        room = Promise.withResolvers();
        await room.promise;
      }
    },
    close: () => transport.shutdown(),
    abort: () => transport.terminate(),
  });
  transport.attach({
    onBytes(chunk) {
      if (over) return;
      source?.enqueue(chunk);
      if ((source?.desiredSize ?? 0) <= 0) transport.pause();
    },
    onDrain: () => room?.resolve(),
    onEnd() {
      if (over) return;
      over = true;
      source?.close();
    },
    onClose(error) {
      room?.reject(error ?? new Error("the transport is closed"));
      if (over) return;
      over = true;
      if (error === null) source?.close();
      else source?.error(error);
    },
  });
  return { readable, writable };
}
