import { BINARY, encodeFrame } from "../corpus.ts";
import type { Elapsed } from "../task.ts";
import { dialBare } from "./bare-socket.ts";
import { type Contender, contend, Stopwatch } from "./contender.ts";

/** The limit: a bare `Bun.connect` that counts the bytes of its chunks and looks at none of them. */
const limit: Contender = {
  async receive(url, ca, wireBytes) {
    const done = Promise.withResolvers<Elapsed>();
    let bytes = 0;
    let stopwatch: Stopwatch | null = null;
    const socket = await dialBare(url, ca, (socket, chunk) => {
      if (stopwatch !== null) {
        bytes += chunk.length;
        if (bytes >= wireBytes) done.resolve(stopwatch.stop());
      } else {
        stopwatch = new Stopwatch();
        socket.write(GO);
      }
    });
    const elapsed = await done.promise;
    socket.terminate();
    return { messages: null, bytes, checksum: 0, end: null, elapsed };
  },

  examine: null,

  async echo(url, ca, payload, count, record) {
    const frame = encodeFrame(BINARY, payload, true, new Uint8Array([1, 2, 3, 4]));
    const expected = frame.length - 4;
    const done = Promise.withResolvers<void>();
    let upgraded = false;
    let started = 0;
    let left = count;
    let bytes = 0;
    const socket = await dialBare(url, ca, (socket, chunk) => {
      if (upgraded) {
        bytes += chunk.length;
        if (bytes < expected) return;
        bytes = 0;
        record(Bun.nanoseconds() - started);
        if (--left === 0) {
          done.resolve();
          return;
        }
      }
      upgraded = true;
      started = Bun.nanoseconds();
      socket.write(frame, 0, frame.length);
    });
    await done.promise;
    socket.terminate();
  },
};

const GO = encodeFrame(BINARY, new Uint8Array(2), true, new Uint8Array(4));

await contend(limit);
