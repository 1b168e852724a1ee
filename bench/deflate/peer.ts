import { constants, inflateRawSync } from "node:zlib";
import type { Socket } from "bun";
import { encodeFrame, TEXT } from "../corpus.ts";
import { type CompressedBooks, compressedBooks } from "./compressed.ts";
import { FrameCounter, type KeptFrame } from "./frame-counter.ts";
import type { Receipt } from "./puppet.ts";
import type { DeflateResult, DeflateTask } from "./task.ts";

/** The other end of every contender, over a bare socket: it sends what was compressed before, and only counts what it gets. */
export class Peer {
  readonly #socket: Socket<unknown>;
  /** The key of a client's frames, null for a server's. */
  readonly #mask: Uint8Array | null;
  readonly #counter: FrameCounter = new FrameCounter();
  #outgoing: Uint8Array = new Uint8Array(0);
  #drained: () => void = () => {};
  #came: () => void = () => {};

  constructor(socket: Socket<unknown>, mask: Uint8Array | null) {
    this.#socket = socket;
    this.#mask = mask;
  }

  data(chunk: Uint8Array): void {
    this.#counter.feed(chunk);
    this.#came();
  }

  drain(): void {
    while (this.#outgoing.length > 0) {
      const taken = this.#socket.write(this.#outgoing);
      if (taken > 0) this.#outgoing = this.#outgoing.subarray(taken);
      if (this.#outgoing.length > 0) return;
    }
    this.#drained();
  }

  /** Runs the task: the books there and back, which are looked at, then the warm-up, then what is timed. */
  async run({ way, size, count, warmup }: DeflateTask): Promise<DeflateResult> {
    const books = await compressedBooks(size, this.#mask);
    const { payloads } = books;
    await this.#write(books.bytes);
    await this.#gather(payloads.length, size, payloads);
    const run = (messages: number): Promise<DeflateResult> =>
      way === "receive" ? this.#pour(messages, size, books) : this.#gather(messages, size, []);
    await run(warmup);
    const result = await run(count);
    await this.#command(`!bye ${JSON.stringify(result)}`);
    return result;
  }

  /** The contender receives. */
  async #pour(messages: number, size: number, { payloads, bytes }: CompressedBooks): Promise<DeflateResult> {
    await this.#command("!receive");
    for (let sent = 0; sent < messages; sent += payloads.length) await this.#write(bytes);
    const receipt = await this.#receipt();
    if (receipt.messages !== messages || receipt.characters !== messages * size)
      throw new Error(`Cannot accept the run: ${JSON.stringify(receipt)} for ${messages} messages of ${size} bytes`);
    return { wall: receipt.wall / messages, cpu: receipt.cpu / messages, wire: bytes.length / payloads.length };
  }

  /** The contender sends, and begins with `expected`. */
  async #gather(messages: number, size: number, expected: readonly Uint8Array[]): Promise<DeflateResult> {
    const counter = this.#counter;
    const window = Math.round(WINDOW_BYTES / size);
    counter.begin(expected.length);
    await this.#command(`!send ${messages} ${window}`);
    for (let due = window; counter.messages < messages; due += window) {
      await this.#until(() => counter.messages >= Math.min(due, messages));
      await this.#command("!more");
    }
    if (counter.messages !== messages)
      throw new Error(`Cannot accept the run: ${counter.messages} messages came of ${messages}`);
    const wire = counter.wireBytes / messages;
    verify(counter.kept, expected);
    const { wall, cpu } = await this.#receipt();
    return { wall: wall / messages, cpu: cpu / messages, wire };
  }

  async #receipt(): Promise<Receipt> {
    const counter = this.#counter;
    counter.begin(1);
    await this.#command("!end");
    await this.#until(() => counter.messages === 1);
    const [reply] = counter.kept;
    if (reply === undefined || reply.compressed) throw new Error("Cannot accept the run: the receipt is compressed");
    return JSON.parse(Buffer.from(reply.payload).toString());
  }

  #command(text: string): Promise<void> {
    return this.#write(encodeFrame(TEXT, Buffer.from(text), true, this.#mask));
  }

  /** Resolves once the kernel has it. */
  #write(bytes: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#outgoing = bytes;
    this.#drained = resolve;
    this.drain();
    return promise;
  }

  #until(holds: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#came = () => {
      if (holds()) resolve();
    };
    this.#came();
    return promise;
  }
}

/** What came, compressed or not, must be what was expected, in order. */
function verify(came: readonly KeptFrame[], expected: readonly Uint8Array[]): void {
  const stream = came.filter(({ compressed }) => compressed).flatMap(({ payload }) => [payload, TAIL]);
  const inflated = inflateRawSync(Buffer.concat([...stream, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
  let pos = 0;
  for (const [at, book] of expected.entries()) {
    const frame = came[at];
    const payload = frame?.compressed ? inflated.subarray(pos, pos + book.length) : (frame?.payload ?? TAIL);
    if (frame?.compressed) pos += book.length;
    if (Buffer.compare(payload, book) !== 0) throw new Error(`Cannot accept the run: book ${at} came back changed`);
  }
}

/** A sender may have twice as much under way. */
const WINDOW_BYTES = 128 << 10;
/** What senders leave out of each message, RFC 7692 section 7.2.1; alone it is an empty block. */
const TAIL: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff);
