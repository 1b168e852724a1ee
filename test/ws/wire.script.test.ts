import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BACKENDS, type Backend, type BackendWs } from "../helpers/backends/backends.ts";
import { pattern } from "../helpers/bytes.ts";
import { testPath } from "../helpers/certificates.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { below, type Random, seededRandom } from "../helpers/random.ts";
import { inTime } from "../helpers/wait.ts";
import { lineOf, type WsPeer } from "../helpers/ws-peer.ts";

/*
 * Invariant: in whatever order the two ends of a socket send, read, stall and ping, and however much the kernel takes at a time, each sees exactly
 * the messages that the other sent, whole and in order, then the close of whoever closed. A script is its seed: SCRIPT_SEED repeats one.
 */
const SEED = Number(process.env["SCRIPT_SEED"] ?? Date.now() & 0xffffff);
const RUNS = 12;

describe.each(BACKENDS)("the %s backend", (_, start) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await start();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  test.each([false, true])(
    `random scripts end with the same messages at both ends, over TLS: %p (SCRIPT_SEED=${SEED})`,
    async (tls) => {
      using server = new PeerServer({ tls });
      for (let seed = SEED; seed < SEED + RUNS; seed++) {
        try {
          const random = seededRandom(seed);
          const ws = await backend.openWs(server.url, {
            ...(tls ? { tls: { ca: testPath("ca.crt"), shared: "script" } } : {}),
            bufferCapacity: 4096 << below(random, 6),
            writeBufferCapacity: 1024 << below(random, 8),
            socket: below(random, 2) === 0 ? {} : { sendBufferSize: 8 << 10, recvBufferSize: 8 << 10 },
          });
          await inTime("the script's end", play(random, ws, await server.peer(seed - SEED)));
        } catch (error) {
          throw new Error(`SCRIPT_SEED=${seed}`, { cause: error });
        }
      }
    },
    60_000,
  );
});

async function play(random: Random, ws: BackendWs, peer: WsPeer): Promise<void> {
  const fromPeer: string[] = [];
  const fromClient: string[] = [];
  const read: string[] = [];
  const size = (): number => (below(random, 6) === 0 ? below(random, 300_000) : below(random, 300));
  for (let step = 10 + below(random, 40); step > 0; step--) {
    const bytes = pattern(size());
    switch (below(random, 6)) {
      case 0:
        await ws.sendBinary(bytes);
        fromClient.push(lineOf({ kind: "binary", bytes }));
        break;
      case 1:
        await ws.sendText(`text ${step}`);
        fromClient.push(`text text ${step}`);
        break;
      case 2:
        peer.binary(bytes);
        fromPeer.push(lineOf({ kind: "binary", bytes }));
        break;
      case 3:
        peer.text(`of the peer ${step}`).ping("?");
        fromPeer.push(`text of the peer ${step}`, "ping 3f");
        break;
      case 4:
        if (below(random, 2) === 0) peer.stall();
        else peer.proceed();
        break;
      default:
        if (read.length < fromPeer.length) read.push((await ws.recv()) ?? "the end");
    }
  }
  peer.proceed();
  const closes = below(random, 2) === 0;
  if (closes) await ws.close(1000);
  else peer.close(1000);
  read.push(...(await ws.readAll()));
  expect(read).toEqual([...fromPeer, "close 1000"]);
  await peer.until(({ gone }) => gone);
  expect(peer.failure).toBeNull();
  const lines = peer.lines.filter((line) => !line.startsWith("pong"));
  expect(lines).toEqual([...fromClient, "close 1000"]);
  // One pong may answer several pings (RFC 6455 section 5.5.3), none before close is owed more.
  expect(peer.lines.length - lines.length).toBeLessThanOrEqual(
    fromPeer.filter((line) => line.startsWith("ping")).length,
  );
}
