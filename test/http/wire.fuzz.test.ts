import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { responses } from "../helpers/arbitrary-responses.ts";
import { cuts, cutsWithin, mutated, mutations } from "../helpers/arbitrary-streams.ts";
import { BACKENDS, type Backend } from "../helpers/backends/backends.ts";
import { FUZZ_TIMEOUT, fuzzLater } from "../helpers/fuzz.ts";
import { referenceResponse } from "../helpers/reference-response.ts";
import { chunksAt } from "../helpers/splits.ts";
import { type HttpPeer, RawServer } from "./support.ts";

const LIMITS = { maxHeadSize: 200, maxHeaders: 6, maxBodySize: 400 };

describe.each(BACKENDS)("over a socket, the %s backend", (name, start) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await start();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  test(
    "answers, right or wrong, are the response of the reference or one typed error, in whatever pieces they come",
    async () => {
      // Invariant: whatever a server answers before it ends the connection, a request comes to what the reference reads in it, or fails with
      // the fault that it names; for any cuts and pauses. No other error, and nothing left waiting.
      const values = fc.tuple(
        responses(),
        fc.oneof(mutations(), fc.constant([])),
        cuts(),
        fc.constantFrom("GET", "GET", "POST", "HEAD"),
        fc.nat({ max: 99 }),
      );
      let pieces: readonly Uint8Array[] = [];
      let turn = 0;
      using server = new RawServer({
        answer: (_, peer) => {
          send(peer, pieces, turn);
          return null;
        },
      });
      await fuzzLater(
        `answers over a socket, ${name}`,
        0.05,
        values,
        async ([response, changes, shares, method, way]) => {
          const bytes = mutated(response, changes);
          pieces = chunksAt(bytes, cutsWithin(shares, bytes.length));
          turn = way;
          const connection = await backend.openHttp(server.url, { maxReadSize: [1 << 16, 7, 1][way % 3] ?? 1 });
          const lines = await connection.askForLines(method, { ...LIMITS, capacity: 1024 });
          const rules = { ...LIMITS, method, upgrade: false, eof: true };
          const expected = referenceResponse(bytes, rules)
            .filter((line) => !line.startsWith("interim ") && line !== "fail HTTP_RESPONSE_UNEXPECTED")
            .map((line) => (line === "fail HTTP_TRUNCATED" ? "error REQUEST_CONNECTION_LOST" : line));
          if (!Bun.deepEquals(lines, expected)) expect(lines).toEqual(expected);
          await connection[Symbol.asyncDispose]();
        },
      );
    },
    FUZZ_TIMEOUT,
  );
});

async function send(peer: HttpPeer, pieces: readonly Uint8Array[], way: number): Promise<void> {
  for (const [index, piece] of pieces.entries()) {
    if ((way >> (index % 6)) & 1) await new Promise((resolve) => setImmediate(resolve));
    peer.send(piece);
  }
  peer.end();
}
