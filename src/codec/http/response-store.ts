import type { ByteRing } from "../byte-ring.ts";
import { Assembly } from "../ws/assembly.ts";
import type { BodyReader } from "./body-reader.ts";
import type { ReaderResponse } from "./response.ts";

/**
 * Where a response lies while it arrives: in the ring as long as it fits, beside it from then on.
 *
 * ```text
 *   ring:  status line, field lines | data of all chunks | bytes not read
 *          ^ start                  ^ bodyStart          ^ bodyEnd <= body.position <= tail
 * ```
 *
 * Chunks are pushed together in place: the first stays where it came, each further one is moved over the framing before it.
 */
export class ResponseStore {
  /** First byte of the response, while it lies in the ring. */
  start = 0;
  /** Bytes of its head. */
  headSize = 0;
  /** Head and data lie in the assembly, and `ring.head` follows what is read. */
  outside = false;

  private bodyStart = 0;
  /** bodyStart <= bodyEnd <= body.position */
  private bodyEnd = 0;
  private readonly ring: ByteRing;
  private readonly assembly: Assembly;

  constructor(ring: ByteRing) {
    this.ring = ring;
    this.assembly = new Assembly(ring.capacity);
  }

  /** Forgets the response; the ring is empty. */
  clear(): void {
    this.ring.clear();
    this.start = 0;
    if (!this.outside) return;
    this.outside = false;
    this.assembly.clear();
  }

  /** The head from {@link start} on is whole; the body begins behind it. */
  beginBody(headSize: number): void {
    this.headSize = headSize;
    this.bodyStart = this.start + headSize;
    this.bodyEnd = this.bodyStart;
  }

  /** Keeps `count` bytes of data that stand at `from` in the ring. */
  keep(from: number, count: number): void {
    const { bytes } = this.ring;
    if (this.outside) {
      this.assembly.append(bytes, from, from + count);
    } else if (this.bodyEnd === this.bodyStart) {
      this.bodyStart = from;
      this.bodyEnd = from + count;
    } else {
      if (from !== this.bodyEnd) bytes.copyWithin(this.bodyEnd, from, from + count);
      this.bodyEnd += count;
    }
  }

  /** All of the ring was read and more is to come: gives the room of framing back, or moves out of a ring that is full even so. */
  makeRoom(body: BodyReader): void {
    const { ring } = this;
    if (this.outside) {
      ring.head = body.position;
      return;
    }
    if (body.position === ring.tail) {
      body.position = this.bodyEnd;
      ring.tail = this.bodyEnd;
    }
    if (ring.free === 0) this.moveOut(body);
  }

  /** Moves head and data out of the ring. */
  moveOut(body: BodyReader): void {
    const { assembly, ring, start } = this;
    this.outside = true;
    assembly.append(ring.bytes, start, start + this.headSize);
    assembly.append(ring.bytes, this.bodyStart, this.bodyEnd);
    ring.head = body.position;
  }

  /** Tells the response where its head, its body and its trailer section lie. */
  place(response: ReaderResponse, body: BodyReader): void {
    const { ring, assembly, headSize } = this;
    if (!this.outside) {
      response.place(ring.bytes, this.start, this.bodyStart, this.bodyEnd, body.trailerStart);
      return;
    }
    const end = assembly.length;
    if (body.trailers.count > 0) assembly.append(ring.bytes, body.trailerStart, body.position);
    response.place(assembly.bytes, 0, headSize, end, end);
  }

  /** The ring's indexes have shrunk by `count`. */
  shift(count: number): void {
    this.start -= count;
    this.bodyStart -= count;
    this.bodyEnd -= count;
  }
}
