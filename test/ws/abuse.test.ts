import { afterAll, beforeAll, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { createDeflateRaw } from "node:zlib";
import type { Socket } from "bun";
import { WsStream } from "../../src/ws/stream.ts";
import { joined } from "../helpers/bytes.ts";
import { frameBytes } from "../helpers/frames.ts";
import { inTime, until } from "../helpers/wait.ts";

const MIB = 1 << 20;
const HEAD =
  "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const MASK = Uint8Array.of(1, 2, 3, 4);
const NOTHING = new Uint8Array(0);
const ECHOES = 200;
/** How many times the usual an echo may cost the server while it is abused: the machine that tests has other things to do as well. */
const MOST_DEARER = 5;

/** What the server holds. */
interface Holding {
  readonly rss: number;
  /** Microseconds of CPU since it was asked the last time. */
  readonly cpu: number;
  readonly open: number;
  readonly ends: Readonly<Record<string, number>>;
}

let server: Bun.Subprocess<"pipe", "pipe", "inherit">;
let lines: AsyncGenerator<string>;
let port = 0;
/** Its memory after it has worked for a while, and before anything bad. */
let before: Holding;
/** Microseconds of its CPU that an echo took then. */
let usual = 0;

async function* linesOf(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    const whole = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = whole.pop() ?? "";
    yield* whole;
  }
}

async function holding(): Promise<Holding> {
  server.stdin.write("\n");
  server.stdin.flush();
  const { value } = await inTime("the server to say what it holds", lines.next());
  return JSON.parse(value ?? "null");
}

/** A well-behaved client: each message must come back, whatever happens beside it. */
async function echoes(count: number): Promise<number> {
  await using ws = await WsStream.connect(`ws://127.0.0.1:${port}/`);
  for (let number = 0; number < count; number++) {
    ws.sendText(`number ${number}`);
    const back = await inTime("an echo", ws.recv());
    if (back?.text() !== `number ${number}`) throw new Error(`echo ${number} is ${back?.text()}`);
  }
  return count;
}

/** Microseconds of the server's CPU for an echo: the least of five runs, for it does other things as well. Others wait no longer than that. */
async function costOfAnEcho(): Promise<number> {
  const costs: number[] = [];
  for (let run = 0; run < 5; run++) {
    await holding();
    await echoes(ECHOES);
    costs.push((await holding()).cpu / ECHOES);
  }
  return Math.min(...costs);
}

/** A socket that does as it is told, and notes what comes and that it is gone. */
class Abuser {
  received: Buffer = Buffer.alloc(0);
  gone = false;
  readonly #socket: Socket;
  #outgoing: Uint8Array = NOTHING;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect(): Promise<Abuser> {
    let abuser: Abuser | null = null;
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data(_, chunk): void {
          if (abuser !== null) abuser.received = Buffer.concat([abuser.received, chunk]);
        },
        drain(): void {
          abuser?.send(NOTHING);
        },
        close(): void {
          if (abuser !== null) abuser.gone = true;
        },
        error() {},
      },
    });
    abuser = new Abuser(socket);
    return abuser;
  }

  /** Connects and opens a WebSocket; `fields` go into the request. */
  static async open(fields = ""): Promise<Abuser> {
    const abuser = await Abuser.connect();
    abuser.send(`${HEAD}${fields}\r\n`);
    await until(() => abuser.received.includes("\r\n\r\n"));
    expect(abuser.received.toString("latin1")).toStartWith("HTTP/1.1 101 ");
    abuser.received = Buffer.alloc(0);
    return abuser;
  }

  /** What the kernel does not take waits, and goes out as it can. */
  send(bytes: Uint8Array | string): this {
    this.#outgoing = joined([this.#outgoing, typeof bytes === "string" ? Buffer.from(bytes) : bytes]);
    const taken = this.#socket.write(this.#outgoing);
    this.#outgoing = taken < 0 ? NOTHING : this.#outgoing.subarray(taken);
    return this;
  }

  get waiting(): number {
    return this.#outgoing.length;
  }

  stopReading(): this {
    this.#socket.pause();
    return this;
  }

  /** The close code that came, 0 where none did. */
  get closeCode(): number {
    const at = this.received.lastIndexOf(0x88);
    return at < 0 || this.received.length < at + 4 ? 0 : this.received.readUInt16BE(at + 2);
  }

  cut(): void {
    this.#socket.terminate();
  }
}

beforeAll(async () => {
  const script = fileURLToPath(new URL("./children/abused-server.ts", import.meta.url));
  server = Bun.spawn([process.execPath, script], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  lines = linesOf(server.stdout);
  port = JSON.parse((await lines.next()).value ?? "null").port;
  await echoes(2_000);
  usual = await costOfAnEcho();
  before = await holding();
});

afterAll(async () => {
  server.stdin.end();
  await server.exited;
});

test("1,000 connections that send half a head and stall are answered 408 and let go, and others are served meanwhile", async () => {
  const abusers = await Promise.all(Array.from({ length: 1_000 }, () => Abuser.connect()));
  for (const abuser of abusers) abuser.send(HEAD.slice(0, 60));
  expect(await costOfAnEcho()).toBeLessThan(MOST_DEARER * usual);
  await until(() => abusers.every(({ gone }) => gone));
  for (const { received } of abusers) expect(received.toString("latin1", 0, 12)).toBe("HTTP/1.1 408");
  const { ends, open, rss } = await holding();
  expect([ends["ACCEPT_TIMEOUT"], open]).toEqual([1_000, 0]);
  expect(rss - before.rss).toBeLessThan(40 * MIB);
}, 30_000);

test("heads of 64 KiB are refused, however they are cut", async () => {
  const long = `${HEAD}A: ${"b".repeat(64 << 10)}\r\n\r\n`;
  for (const size of [long.length, 1_000]) {
    const abuser = await Abuser.connect();
    for (let pos = 0; pos < long.length; pos += size) {
      abuser.send(long.slice(pos, pos + size));
      if (size < long.length) await Bun.sleep(0);
    }
    await until(() => abuser.gone);
    expect(abuser.received.toString("latin1", 0, 12)).toBe("HTTP/1.1 431");
  }
});

test.each([
  ["2^62", [0x40, 0, 0, 0, 0, 0, 0, 0], 1009],
  ["2^63", [0x80, 0, 0, 0, 0, 0, 0, 0], 1002],
  ["2^64 - 1", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1002],
] as const)("a frame of %s bytes is refused from its header", async (_, length, code) => {
  const abuser = await Abuser.open();
  abuser.send(Uint8Array.of(0x82, 0xff, ...length, ...MASK));
  await until(() => abuser.gone);
  expect(abuser.closeCode).toBe(code);
});

test("a bomb of 1 MiB that would be 1 GiB is refused while it is inflated", async () => {
  const bomb = await deflated(1024);
  expect(bomb.length).toBeLessThan(1.2 * MIB);
  const abuser = await Abuser.open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const header = new Uint8Array(14);
  header.set([0xc2, 0xff]);
  new DataView(header.buffer).setBigUint64(2, BigInt(bomb.length));
  // A mask of zeros leaves the payload as it is.
  abuser.send(header).send(bomb);
  expect(await echoes(100)).toBe(100);
  await until(() => abuser.gone);
  expect(abuser.closeCode).toBe(1009);
  expect(await costOfAnEcho()).toBeLessThan(MOST_DEARER * usual);
  expect((await holding()).rss - before.rss).toBeLessThan(80 * MIB);
}, 30_000);

test("a flood of pings whose answers are not read is bounded, and others are served meanwhile", async () => {
  const abuser = (await Abuser.open()).stopReading();
  const pings = joined(
    Array.from({ length: 1_000 }, () => frameBytes({ opcode: 9, payload: new Uint8Array(125), key: MASK })),
  );
  for (let round = 0; round < 300 && abuser.waiting < 4 * MIB; round++) {
    abuser.send(pings);
    if (round % 20 === 0) await Bun.sleep(0);
  }
  expect(await costOfAnEcho()).toBeLessThan(MOST_DEARER * usual);
  expect((await holding()).rss - before.rss).toBeLessThan(60 * MIB);
  abuser.cut();
}, 30_000);

test("a client that sends and never reads holds its own answers up, and nobody else", async () => {
  const abuser = (await Abuser.open()).stopReading();
  const message = frameBytes({ opcode: 2, payload: new Uint8Array(64 << 10), key: MASK });
  for (let round = 0; round < 1_000 && abuser.waiting < 8 * MIB; round++) {
    abuser.send(message);
    if (round % 20 === 0) await Bun.sleep(0);
  }
  expect(abuser.waiting).toBeGreaterThan(0);
  expect(await costOfAnEcho()).toBeLessThan(MOST_DEARER * usual);
  expect((await holding()).rss - before.rss).toBeLessThan(60 * MIB);
  abuser.cut();
}, 30_000);

test("afterwards nothing is open, and the memory is back", async () => {
  let held = await holding();
  for (let round = 0; round < 100 && held.open > 0; round++) {
    await Bun.sleep(20);
    held = await holding();
  }
  expect(held.open).toBe(0);
  expect(held.rss - before.rss).toBeLessThan(30 * MIB);
  expect(await costOfAnEcho()).toBeLessThan(MOST_DEARER * usual);
}, 30_000);

/** `mebibytes` of zeros, deflated as a message: what the second one came to stands for all that follow. */
async function deflated(mebibytes: number): Promise<Uint8Array> {
  const deflate = createDeflateRaw({ level: 9 });
  const parts: Uint8Array[] = [];
  deflate.on("data", (part: Uint8Array) => parts.push(part));
  const next = async (): Promise<Uint8Array> => {
    parts.length = 0;
    deflate.write(new Uint8Array(MIB));
    await new Promise<void>((resolve) => deflate.flush(() => resolve()));
    return joined(parts);
  };
  const [first, second] = [await next(), await next()];
  deflate.destroy();
  const whole = joined([first, ...Array.from({ length: mebibytes - 1 }, () => second)]);
  return whole.subarray(0, whole.length - 4);
}
