import type { ResponseReader } from "../codec/http/response-reader.ts";
import { memoryAt, type SpinMemory, scratchMemory } from "../socket/spin-memory.ts";
import type { SpinTransport } from "../socket/spin-transport.ts";

/** The way in: from the kernel straight into the ring of the reader that the answer is read with. */
export class SpinIncoming {
  /** Whose answers a reader has read last. */
  static readonly #users: WeakMap<ResponseReader, SpinIncoming> = new WeakMap();

  readonly #transport: SpinTransport;
  readonly #most: number;
  #reader: ResponseReader | null = null;
  /** The ring of that reader. */
  #memory: SpinMemory = NOWHERE;
  #scratch: SpinMemory | null = null;

  constructor(transport: SpinTransport, most: number) {
    this.#transport = transport;
    this.#most = most;
  }

  /** The answer to a request with `method` is read with `reader` from now on. @throws UsageError (`RESPONSE_UNDER_WAY`) */
  expect(method: string, reader: ResponseReader): void {
    if (SpinIncoming.#users.get(reader) !== this) {
      reader.reset();
      SpinIncoming.#users.set(reader, this);
    }
    if (this.#reader !== reader) {
      this.#reader = reader;
      this.#memory = memoryAt(reader.ring.bytes);
    }
    reader.expect(method);
  }

  /** Asks the kernel once: how many bytes came, 0 for none, −1 at the end. */
  receive(reader: ResponseReader): number {
    const { ring } = reader;
    const inPlace = !ring.mirrored || ring.head < ring.capacity;
    const room = ring.mirrored ? ring.free : ring.capacity - ring.tail;
    if (!inPlace || room <= 0) return this.#receiveBeside(reader);
    const count = this.#transport.receive(this.#memory.address + ring.tail, room < this.#most ? room : this.#most);
    if (count > 0) ring.filled(count);
    return count;
  }

  /** Bytes that come while no request is in flight; −1 where the connection has ended. */
  strays(): number {
    this.#scratch ??= scratchMemory(SCRATCH);
    return this.#transport.receive(this.#scratch.address, SCRATCH);
  }

  /** Bytes behind the response: none belong there. */
  get pending(): number {
    return this.#reader?.pending ?? 0;
  }

  /** Something of the response has come. */
  get started(): boolean {
    return this.#reader?.started === true;
  }

  /** The end of the ring is reached: the reader moves what it still needs as it takes a copy. */
  #receiveBeside(reader: ResponseReader): number {
    this.#scratch ??= scratchMemory(SCRATCH);
    const { bytes, address } = this.#scratch;
    const count = this.#transport.receive(address, Math.min(SCRATCH, Math.max(1, reader.ring.free), this.#most));
    if (count > 0) reader.read(bytes.subarray(0, count));
    return count;
  }
}

const NOWHERE: SpinMemory = { bytes: new Uint8Array(0), address: 0 };
const SCRATCH = 4096;
