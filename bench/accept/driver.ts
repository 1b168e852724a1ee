import type { Socket } from "bun";
import { build } from "hdr-histogram-js";
import { BINARY, encodeFrame, frameBlock, mixedBlock, TEXT } from "../corpus.ts";
import { inWindows } from "../windows.mjs";
import type { AcceptResult, AcceptTask, Tally } from "./task.ts";

/** The client of every server that is measured, a process of its own: bare sockets, prepared frames, all of them masked. */
class Driver {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();
  #outgoing: Uint8Array = new Uint8Array(0);
  /** Called with each chunk, in place of keeping it. */
  onChunk: ((chunk: Uint8Array) => void) | null = null;
  #drained: PromiseWithResolvers<void> | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number, target: string): Promise<Driver> {
    let driver: Driver | null = null;
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, chunk) => driver?.take(chunk),
        drain: () => driver?.flush(),
        error(_, error) {
          throw error;
        },
      },
    });
    driver = new Driver(socket);
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    const head = await driver.until((bytes) => bytes.includes("\r\n\r\n"));
    if (!head.includes("HTTP/1.1 101 ")) throw new Error(`Cannot open: ${head.toString("latin1")}`);
    driver.#received = Buffer.alloc(0);
    return driver;
  }

  take(chunk: Uint8Array): void {
    if (this.onChunk !== null) {
      this.onChunk(chunk);
      return;
    }
    this.#received = Buffer.concat([this.#received, chunk]);
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }

  async until(holds: (bytes: Buffer) => boolean): Promise<Buffer> {
    while (!holds(this.#received)) await this.#changed.promise;
    return this.#received;
  }

  /** Sends `bytes`, and resolves once the kernel has them. */
  async send(bytes: Uint8Array): Promise<void> {
    this.#outgoing = bytes;
    this.#drained = Promise.withResolvers();
    this.flush();
    await this.#drained.promise;
  }

  /** Sends what surely fits. */
  write(bytes: Uint8Array): void {
    if (this.#socket.write(bytes, 0, bytes.length) !== bytes.length) throw new Error("Cannot send: the socket is full");
  }

  flush(): void {
    while (this.#outgoing.length > 0) {
      const taken = this.#socket.write(this.#outgoing);
      if (taken > 0) this.#outgoing = this.#outgoing.subarray(taken);
      if (this.#outgoing.length > 0) return;
    }
    this.#drained?.resolve();
  }

  end(): void {
    this.#socket.terminate();
  }
}

const BEGIN = encodeFrame(BINARY, new Uint8Array(1), true, Uint8Array.of(1, 2, 3, 4));
const END = encodeFrame(TEXT, Buffer.from("end of it"), true, Uint8Array.of(1, 2, 3, 4));

/** Sends a block over and over, then the end, and returns what the server counted; it must be what was sent. */
async function pour(port: number, block: Uint8Array, repeat: number, messages: number, bytes: number): Promise<Tally> {
  const wireBytes = block.length * repeat + END.length;
  const driver = await Driver.open(port, `/receive?bytes=${wireBytes}`);
  for (let count = 0; count < repeat; count++) await driver.send(block);
  await driver.send(END);
  const tally = await tallyOf(driver);
  const agrees =
    tally.messages === null ? tally.bytes === wireBytes : tally.messages === messages && tally.bytes === bytes;
  if (!agrees)
    throw new Error(`Cannot accept the run: ${JSON.stringify(tally)} for ${messages} messages of ${bytes} bytes`);
  return tally;
}

/** What the server tells once the end came. */
async function tallyOf(driver: Driver): Promise<Tally> {
  const reply = await driver.until((received) => textIn(received) !== null);
  driver.end();
  return JSON.parse(textIn(reply) ?? "null");
}

/** The text of the first text frame, behind the pongs that the mixed block asked for; null while it is not whole. */
function textIn(received: Buffer): string | null {
  for (let pos = 0; received.length - pos >= 4; ) {
    const [first = 0, short = 0] = received.subarray(pos);
    const start = pos + (short === 126 ? 4 : 2);
    const end = start + (short === 126 ? received.readUInt16BE(pos + 2) : short);
    if (end > received.length) return null;
    if ((first & 0x0f) === TEXT) return received.toString("latin1", start, end);
    pos = end;
  }
  return null;
}

async function pourMixed(port: number, repeat: number): Promise<void> {
  const { bytes, payloads } = mixedBlock(true);
  const length = payloads.reduce((sum, payload) => sum + payload.length, 0);
  await pour(port, bytes, repeat, payloads.length * repeat, length * repeat);
}

async function receive(task: AcceptTask & { job: "receive" }): Promise<AcceptResult> {
  const { port, size, count, warmup, mixes, windows } = task;
  const block = frameBlock("binary", size, 1 << 20, true);
  const times = (messages: number): number => Math.max(1, Math.round(messages / block.frames));
  const run = (repeat: number): Promise<Tally> =>
    pour(port, block.bytes, repeat, block.frames * repeat, block.frames * repeat * size);
  await pourMixed(port, mixes);
  await run(times(warmup));
  let wall = 0;
  let cpu = 0;
  await inWindows(windows, async () => {
    const tally = await run(times(count));
    wall += tally.wall;
    cpu += tally.cpu;
  });
  const messages = block.frames * times(count) * windows;
  return { job: "receive", wall: wall / messages, cpu: cpu / messages };
}

async function echo(task: AcceptTask & { job: "echo" }): Promise<AcceptResult> {
  const { port, size, connections, count, warmup, mixes } = task;
  await pourMixed(port, mixes);
  const drivers = await Promise.all(Array.from({ length: connections }, () => Driver.open(port, "/echo")));
  const frame = encodeFrame(
    BINARY,
    Uint8Array.from({ length: size }, (_, i) => i),
    true,
    Uint8Array.of(9, 8, 7, 6),
  );
  const expected = frame.length - 4;
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const run = async (total: number, record: (nanoseconds: number) => void): Promise<number> => {
    const each = Math.max(1, Math.ceil(total / connections));
    const started = Bun.nanoseconds();
    await Promise.all(
      drivers.map((driver) => {
        const done = Promise.withResolvers<void>();
        let left = each;
        let bytes = 0;
        let sent = Bun.nanoseconds();
        driver.onChunk = (chunk) => {
          bytes += chunk.length;
          if (bytes < expected) return;
          if (bytes > expected) throw new Error(`Cannot accept the run: ${bytes} bytes came back of ${expected}`);
          bytes = 0;
          const now = Bun.nanoseconds();
          record(now - sent);
          if (--left === 0) {
            done.resolve();
            return;
          }
          sent = now;
          driver.write(frame);
        };
        driver.write(frame);
        return done.promise;
      }),
    );
    return ((each * connections) / (Bun.nanoseconds() - started)) * 1e9;
  };
  await run(warmup, () => {});
  // What the server takes meanwhile is told on a connection beside them, from its first message to its end.
  const meter = await Driver.open(port, `/receive?bytes=${BEGIN.length + END.length}`);
  await meter.send(BEGIN);
  const perSecond = await run(count, (nanoseconds) => histogram.recordValue(nanoseconds));
  await meter.send(END);
  const { cpu } = await tallyOf(meter);
  for (const driver of drivers) driver.end();
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1_000;
  return { job: "echo", p50: at(50), p99: at(99), perSecond, cpu: cpu / 1_000 / histogram.totalCount };
}

const task: AcceptTask = JSON.parse(process.argv[2] ?? "null");
console.log(JSON.stringify(task.job === "receive" ? await receive(task) : await echo(task)));
process.exit(0);
