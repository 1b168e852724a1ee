import { expect, test } from "bun:test";
import type { OwnedMessage } from "../../src/codec/ws/message.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { pattern, utf8 } from "../helpers/bytes.ts";
import { fragments } from "../helpers/frames.ts";
import { below, type Random, seededRandom } from "../helpers/random.ts";
import { lineOf, WsPeer } from "../helpers/ws-peer.ts";
import { Diary, nameOf, turn } from "./support.ts";

/*
 * Invariant: whatever the transport does with writes and chunks, and in whatever order the two ends send, read, stall and ping, each
 * sees exactly the messages that the other sent, whole and in order; every ping is answered once, or by the answer to a later one; and
 * the closing handshake ends it without an error. A script is its seed: SCRIPT_SEED repeats one, SCRIPT_RUNS sets how many run.
 */
const RUNS = Number(process.env["SCRIPT_RUNS"] ?? 150);
const SEED = Number(process.env["SCRIPT_SEED"] ?? Date.now() & 0xffffff);

test(`random scripts end with the same messages at both ends (SCRIPT_SEED=${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    try {
      await (seed % 2 === 0 ? runStream : runConnection)(seed);
    } catch (error) {
      throw new Error(`SCRIPT_SEED=${seed} SCRIPT_RUNS=1`, { cause: error });
    }
  }
}, 60_000);

async function runStream(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const { client, peer, options } = makeEnds(random);
  const ws = await WsStream.connectWith(client, "ws://h/", options);
  const script = new Script(random, ws, peer);
  const read: string[] = [];
  let last: Promise<void> = Promise.resolve();
  const take = async (): Promise<void> => {
    const message = await ws.recv();
    if (message !== null) read.push(lineOf(message.toOwned()));
  };
  for (let step = 20 + below(random, 80); step > 0; step--) {
    await script.step();
    // One recv at a time, waiting or not; now and then all that has come.
    if (below(random, 4) === 0) last = last.then(take);
    await Promise.race([last, turn()]);
    if (below(random, 6) === 0 && (await settled(last))) {
      for (let message = ws.tryRecv(); message !== null; message = ws.tryRecv()) read.push(lineOf(message.toOwned()));
    }
  }
  script.finish();
  await last;
  for (let message = await ws.recv(); message !== null; message = await ws.recv()) read.push(lineOf(message.toOwned()));
  expect(read).toEqual([...script.fromPeer, "close 1000"]);
  expect(await ws.closed).toEqual({ code: 1000, reason: "" });
  script.checkPeer();
}

async function runConnection(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const { client, peer, options } = makeEnds(random);
  const diary = new Diary();
  diary.onEntry = (ws, entry) => {
    if (!entry.startsWith("message")) return;
    if (below(random, 20) === 0) ws.pause();
    if (below(random, 20) === 0) throw new Error("a handler's own");
  };
  const ws = await WsConnection.connectWith(client, "ws://h/", diary.handlers, options);
  const script = new Script(random, ws, peer);
  for (let step = 20 + below(random, 80); step > 0; step--) {
    await script.step();
    if (below(random, 5) === 0) ws.pause();
    if (below(random, 4) === 0) ws.resume();
  }
  script.finish();
  while (!diary.closed) {
    ws.resume();
    await turn();
  }
  expect(diary.messages.map(lineOf)).toEqual(script.fromPeer);
  expect(diary.errors.map(nameOf).filter((name) => name !== "a handler's own")).toEqual([]);
  expect(diary.entries.filter((entry) => entry.startsWith("close"))).toEqual(["close 1000"]);
  expect(await ws.closed).toEqual({ code: 1000, reason: "" });
  script.checkPeer();
}

/** What one end has been sent, and by which random steps. */
class Script {
  readonly fromPeer: string[] = [];
  readonly #fromClient: string[] = [];
  readonly #pings: string[] = [];
  readonly #random: Random;
  readonly #ws: WsStream | WsConnection;
  readonly #peer: WsPeer;

  constructor(random: Random, ws: WsStream | WsConnection, peer: WsPeer) {
    this.#random = random;
    this.#ws = ws;
    this.#peer = peer;
  }

  async step(): Promise<void> {
    const random = this.#random;
    switch (below(random, 8)) {
      case 0:
        this.#clientSends();
        break;
      case 1:
        this.#ws.cork(() => {
          for (let count = below(random, 5); count > 0; count--) this.#clientSends();
        });
        break;
      case 2:
      case 3:
        for (let count = 1 + below(random, 6); count > 0; count--) this.#peerSends();
        break;
      case 4:
        this.#peer.stall();
        break;
      case 5:
        this.#peer.proceed();
        break;
      case 6:
        await turn();
        break;
      default:
        await Promise.resolve();
    }
  }

  /** Either end closes with 1000; what was sent before still comes. */
  finish(): void {
    this.#peer.proceed();
    this.#peer.close(1000);
    if (below(this.#random, 2) === 0) this.#peer.end();
    else
      void this.#peer
        .until(({ received }) => received.some(({ kind }) => kind === "close"))
        .then(() => this.#peer.end());
  }

  checkPeer(): void {
    const { received, failure } = this.#peer;
    expect(failure).toBeNull();
    expect(received.filter(({ kind }) => kind !== "pong").map(lineOf)).toEqual([...this.#fromClient, "close 1000"]);
    expect(received.at(-1)?.kind).toBe("close");
    // Answers may be left out, but not reordered, repeated or made up.
    let from = 0;
    for (const pong of received.filter(({ kind }) => kind === "pong").map(lineOf)) {
      const at = this.#pings.indexOf(pong.replace("pong", "ping"), from);
      if (at < 0) throw new Error(`${pong} answers nothing after ping ${from}`);
      from = at + 1;
    }
  }

  #clientSends(): void {
    const message = this.#message();
    this.#fromClient.push(lineOf(message));
    if (message.kind === "text") this.#ws.sendText(message.text);
    else if (message.kind === "binary") this.#ws.sendBinary(message.bytes);
    else if (message.kind === "ping") this.#ws.sendPing(message.bytes);
  }

  #peerSends(): void {
    const message = this.#message();
    this.fromPeer.push(lineOf(message));
    if (message.kind === "close") return;
    const bytes = message.kind === "text" ? utf8(message.text) : message.bytes;
    const opcode = { text: 1, binary: 2, ping: 9, pong: 10 }[message.kind];
    if (message.kind === "ping") this.#pings.push(lineOf(message));
    const control = message.kind === "ping" || message.kind === "pong";
    const count = control || below(this.#random, 3) > 0 ? 1 : 1 + below(this.#random, 4);
    const cuts = Array.from({ length: count - 1 }, () => below(this.#random, bytes.length + 1)).sort((a, b) => a - b);
    const parts = [...cuts, bytes.length].map((end, at) => bytes.subarray(cuts[at - 1] ?? 0, end));
    for (const frame of fragments(opcode, parts)) this.#peer.send(frame);
  }

  #message(): OwnedMessage {
    const random = this.#random;
    const sizes = [0, 1, 125, 126, below(random, 300), below(random, 300), below(random, 3000), below(random, 30_000)];
    const size = sizes[below(random, sizes.length)] ?? 0;
    const seed = below(random, 250);
    switch (below(random, 5)) {
      case 0:
        return { kind: "ping", bytes: pattern(seed + 8).subarray(seed, seed + below(random, 8)) };
      case 1:
        return { kind: "text", text: "aé€😀".repeat(size >> 2) };
      case 2:
        return { kind: "text", text: String.fromCharCode(33 + (seed % 90)).repeat(size) };
      default:
        return { kind: "binary", bytes: pattern(seed + size).subarray(seed) };
    }
  }
}

function makeEnds(random: Random): { client: ReturnType<typeof memoryPair>[0]; peer: WsPeer; options: WsOptions } {
  const pick = <T>(values: readonly T[]): T => values[below(random, values.length)] as T;
  const chunkSize = pick([undefined, undefined, 1000, 77]);
  const writeSize = pick([undefined, undefined, 500, 33]);
  const [client, server] = memoryPair({
    capacity: pick([100, 1000, 5000, 65_536]),
    ...(chunkSize === undefined ? {} : { chunkSize }),
    ...(writeSize === undefined ? {} : { writeSize }),
  });
  const options = {
    bufferCapacity: pick([256, 4096, 65_536]),
    writeBufferCapacity: pick([8, 512, 65_536]),
    highWaterMark: pick([1, 1000, 1 << 20]),
  };
  return { client, peer: new WsPeer(server, { answersClose: false }), options };
}

async function settled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Promise.resolve().then(() => Promise.resolve(false))]);
}
