import { expect, test } from "bun:test";
import type { OwnedMessage } from "../../src/codec/ws/message.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { pattern, utf8 } from "../helpers/bytes.ts";
import { fragments } from "../helpers/frames.ts";
import { below, type Random, seededRandom } from "../helpers/random.ts";
import { inTime, turn, turnUntil } from "../helpers/wait.ts";
import { lineOf, WsPeer } from "../helpers/ws-peer.ts";
import { Diary, nameOf, readAll } from "./support.ts";

/*
 * Invariant: whatever the transport does with writes and chunks, and in whatever order the two ends send, read, stall and ping, each
 * sees exactly the messages that the other sent, whole and in order, as far as the way it ends lets them through; every ping is answered
 * once, or by the answer to a later one; and the end is told once, as what it was, with nothing left pending. A script is its seed:
 * SCRIPT_SEED repeats one, SCRIPT_RUNS sets how many run.
 */
const RUNS = Number(process.env["SCRIPT_RUNS"] ?? 150);
const SEED = Number(process.env["SCRIPT_SEED"] ?? Date.now() & 0xffffff);

test(`random scripts end with the same messages at both ends (SCRIPT_SEED=${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    try {
      await inTime("the script's end", (seed % 2 === 0 ? runStream : runConnection)(seed));
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
  const ending = script.finish();
  await last.catch((error) => read.push(`error ${nameOf(error)}`));
  read.push(...(await readAll(ws)));
  const told = read.pop() ?? "";
  expect(told).toBe(ending.whole && ending.error === null ? "close 1000" : `error ${ending.error ?? "WS_TERMINATED"}`);
  script.checkRead(read, ending);
  expect(await ws.closed).toEqual({ code: ending.code, reason: "" });
  await script.checkPeer(ending);
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
  const ending = script.finish();
  await turnUntil(
    "close",
    () => diary.closed,
    () => ws.resume(),
  );
  script.checkRead(diary.messages.map(lineOf), ending);
  const errors = diary.errors.map(nameOf).filter((name) => name !== "a handler's own");
  expect(errors).toEqual(ending.error === null ? [] : [ending.error]);
  expect(diary.entries.filter((entry) => entry.startsWith("close"))).toEqual([`close ${ending.code}`]);
  expect(diary.entries.at(-1)).toBe(`close ${ending.code}`);
  expect(await ws.closed).toEqual({ code: ending.code, reason: "" });
  await script.checkPeer(ending);
}

/** A way to end, and what may be expected of it. */
interface Ending {
  /** All that the peer sent is read, and all that the client sent arrives. */
  readonly whole: boolean;
  readonly error: string | null;
  readonly code: number;
}

const ENDINGS = {
  "the peer closes": { whole: true, error: null, code: 1000 },
  "the client closes": { whole: true, error: null, code: 1000 },
  FIN: { whole: false, error: "WS_ABNORMAL_CLOSURE", code: 1006 },
  RST: { whole: false, error: "CONNECTION_RESET", code: 1006 },
  terminate: { whole: false, error: null, code: 1006 },
} as const satisfies Record<string, Ending>;

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

  /** Ends it in one of the ways. */
  finish(): Ending {
    const [peer, ws] = [this.#peer, this.#ws];
    const names = Object.keys(ENDINGS) as (keyof typeof ENDINGS)[];
    const way = names[below(this.#random, names.length)] ?? "FIN";
    const answered = peer.until(({ received }) => received.some(({ kind }) => kind === "close"));
    peer.proceed();
    switch (way) {
      case "the peer closes":
        peer.close(1000);
        if (below(this.#random, 2) === 0) peer.end();
        else void answered.then(() => peer.end());
        break;
      case "the client closes":
        ws.close(1000);
        void answered.then(() => peer.close(1000).end());
        break;
      case "FIN":
        peer.end();
        break;
      case "RST":
        peer.reset();
        break;
      default:
        ws.terminate();
    }
    return ENDINGS[way];
  }

  checkRead(read: readonly string[], { whole, error }: Ending): void {
    // A FIN comes behind all that was sent.
    const complete = whole || error === "WS_ABNORMAL_CLOSURE";
    expect(read).toEqual(complete ? this.fromPeer : this.fromPeer.slice(0, read.length));
  }

  async checkPeer({ whole }: Ending): Promise<void> {
    await this.#peer.until(({ gone }) => gone);
    const { received, failure } = this.#peer;
    expect(failure).toBeNull();
    const seen = received.filter(({ kind }) => kind !== "pong").map(lineOf);
    expect(seen).toEqual(whole ? [...this.#fromClient, "close 1000"] : this.#fromClient.slice(0, seen.length));
    if (whole) expect(received.at(-1)?.kind).toBe("close");
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
