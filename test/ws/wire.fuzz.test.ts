import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cuts, cutsWithin, mutated, mutations, validStreams } from "../helpers/arbitrary-streams.ts";
import { BACKENDS, type Backend } from "../helpers/backends/backends.ts";
import { FUZZ_TIMEOUT, fuzzLater } from "../helpers/fuzz.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { referenceEvents } from "../helpers/reference-decoder.ts";
import { chunksAt } from "../helpers/splits.ts";
import { acceptance, type WsPeer } from "../helpers/ws-peer.ts";

const LIMITS = { maxFrameSize: 260, maxMessageSize: 280 };

describe.each(BACKENDS)("over a socket, the %s backend", (name, start) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await start();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  test(
    "frames, right or wrong, are the messages of the reference and one typed end, in whatever pieces they come",
    async () => {
      // Invariant: whatever a server sends behind its 101, a stream gives what the reference decoder reads in it, then the fault that it
      // names, or the peer's close, or that no close came; for any cuts and pauses.
      const values = fc.tuple(
        validStreams().filter(({ role }) => role === "client"),
        fc.oneof(mutations(), fc.constant([])),
        cuts(),
        fc.nat({ max: 99 }),
      );
      using server = new PeerServer({ answer: () => null, answersClose: false });
      let visits = 0;
      await fuzzLater(`frames over a socket, ${name}`, 0.04, values, async ([stream, changes, shares, way]) => {
        const bytes = mutated(stream.bytes, changes);
        const opening = backend.openWs(server.url, {
          ...LIMITS,
          bufferCapacity: 4096,
          maxReadSize: READS[way % 3] ?? 1,
        });
        const peer = await server.peer(visits++);
        await peer.until(({ request }) => request !== null);
        const sending = send(peer, chunksAt(bytes, cutsWithin(shares, bytes.length)), way);
        const events = await (await opening).readEvents();
        await sending;
        const expected = [...referenceEvents(bytes, "client", LIMITS)];
        if (!/^(?:fail|close) /.test(expected.at(-1) ?? "")) expected.push("error WS_ABNORMAL_CLOSURE");
        if (!Bun.deepEquals(events, expected)) expect(events).toEqual(expected);
      });
    },
    FUZZ_TIMEOUT,
  );
});

/** What one `recv(2)` takes, where that can be said. */
const READS = [256 << 10, 7, 1];

/** The answer, and what follows: with it or behind it, with or without a pause between. */
async function send(peer: WsPeer, pieces: readonly Uint8Array[], way: number): Promise<void> {
  if (peer.request === null) throw new Error("it has not asked");
  peer.send(acceptance(peer.request));
  for (const [index, piece] of pieces.entries()) {
    if ((way >> (index % 6)) & 1) await new Promise((resolve) => setImmediate(resolve));
    peer.send(piece);
  }
  peer.end();
}
