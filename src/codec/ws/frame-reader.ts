import { wordsOf } from "../ascii.ts";
import { ByteRing, plainMemory } from "../byte-ring.ts";
import { ProtocolError, type ProtocolFault } from "../errors.ts";
import { Utf8Check } from "../utf8.ts";
import { Assembly } from "./assembly.ts";
import { closeCodeDetail, closePayloadFault } from "./close-payload.ts";
import { MessageInflater } from "./deflate-incoming.ts";
import { FrameHeader, type HeaderRules } from "./frame-header.ts";
import { maskBytes } from "./mask.ts";
import { ASCII, CheckedMessage, type Message, ReaderMessage } from "./message.ts";
import { LENGTH_16, MAX_HEADER, MAX_SHORT, Opcode } from "./opcode.ts";
import { PlainFrames } from "./plain-frames.ts";
import { type FrameReaderOptions, readerSettings } from "./reader-options.ts";
import { ReceiveStamps } from "./receive-stamps.ts";

/**
 * RFC 6455 frames in, messages out. Bytes go in with {@link read}, messages come out of {@link next}; nothing is thrown for what the
 * peer did: {@link failure} then says it, and the reader stays failed until {@link reset}.
 *
 * ```text
 *   ring:  ... borrowed message | frame | frame | part of a frame
 *              ^ head           ^ end                            ^ tail
 * ```
 *
 * A whole frame is lent out of the ring without a copy. A fragmented message, or a frame that does not fit the ring, is put together in
 * a buffer that grows with what arrives, or inflated into it. UTF-8 is checked as it arrives, also within a frame that is incomplete.
 */
export class FrameReader {
  /** Why the connection must fail, once the peer broke the protocol. */
  failure: ProtocolError | null = null;
  /** A close frame was read: whatever follows is dropped (RFC 6455 section 1.4). */
  closed = false;
  readonly ring: ByteRing;
  readonly rules: HeaderRules;
  /** When what was read came, where that is said: `stamps.add(performance.now())` after each {@link read}. Messages then have a `receivedAt`. */
  readonly stamps: ReceiveStamps = new ReceiveStamps(this);

  /** First byte not yet read: `ring.head <= end <= ring.tail`; a message lent out of the ring ends there. @internal */
  protected end = 0;
  /** The bet of {@link next} can be made: nothing is under way, the next byte starts a frame. @internal */
  protected fast = false;
  private readonly plain: PlainFrames;
  /** `plain.first` where the bet can be made and nothing is masked, else −1, which no byte is. */
  private short = -1;
  /** The ring's. @internal */
  protected readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly message: ReaderMessage;

  /** The frame under way; its `size` is 0 while there is none. */
  private readonly header: FrameHeader = new FrameHeader();
  /** Payload bytes of that frame which were unmasked and checked. */
  private scanned = 0;
  /** That frame's payload goes to the assembly: its header is consumed, and its payload as it arrives. */
  private assembling = false;
  private readonly assembly: Assembly;
  /** The message lent out lies in the assembly. */
  private assemblyLent = false;
  /** Opcode of the message that is being assembled; 0 while there is none. */
  private messageOpcode = 0;
  private readonly text: Utf8Check = new Utf8Check();
  private readonly inflater: MessageInflater | null;
  /** The message under way is compressed. */
  private compressed = false;
  private readonly debug: boolean;
  private lent: CheckedMessage | null = null;

  constructor(options: FrameReaderOptions) {
    const { bufferCapacity, rules, debug } = readerSettings(options);
    const ring = new ByteRing(options.memory ?? plainMemory(bufferCapacity));
    this.ring = ring;
    this.bytes = ring.bytes;
    this.words = wordsOf(ring.bytes);
    this.rules = rules;
    this.plain = new PlainFrames(rules);
    this.message = new ReaderMessage(ring.bytes, this.stamps);
    this.assembly = new Assembly(ring.capacity);
    const way = options.inflate ?? null;
    this.inflater = way && new MessageInflater(way, rules.maxMessageSize, this.assembly, this.text);
    this.debug = debug;
    this.bet(!debug);
  }

  /**
   * Takes as much of `chunk` from `offset` on as the ring has room for and returns how many bytes that were. Where it is less than the
   * rest of the chunk, call {@link next} until it returns null, then offer what remains. The bytes are copied.
   */
  read(chunk: Uint8Array, offset = 0): number {
    if (this.closed || this.failure !== null) return chunk.length - offset;
    const { ring, message } = this;
    // What next() has lent out of the ring is kept: nothing is written over it, and it is not moved. Where the ring's indexes have
    // been brought back meanwhile, the message still has those of the mirror.
    const ahead = message.end - this.end;
    const inRing = message.buffer === this.bytes && message.start < message.end;
    const lent = inRing && (ahead === 0 || ahead === ring.capacity);
    ring.head = lent ? message.start - ahead : this.end;
    this.end -= ring.settle(!lent);
    return ring.write(chunk, offset);
  }

  /**
   * The next message, or null where more bytes are needed, the peer has closed, or {@link failure} is set.
   *
   * Bet: what is small is inlined where it is called, so only the plainest frames are read here. The rest is for {@link nextPlain}, and
   * what that does not take for {@link nextSlow}, which reads everything and is the oracle for both.
   */
  next(): Message | null {
    const start = this.end;
    const tail = this.ring.tail;
    const bytes = this.bytes;
    if (tail - start < 4 || bytes[start] !== this.short) return this.nextPlain();
    let payload = start + 2;
    let length = bytes[start + 1]!;
    if (length > MAX_SHORT) {
      length = length === LENGTH_16 ? (bytes[start + 2]! << 8) | bytes[start + 3]! : 0;
      if (length <= MAX_SHORT || length > this.plain.limit) return this.nextPlain();
      payload += 2;
    }
    const end = payload + length;
    if (end > tail) return this.nextPlain();
    const message = this.message;
    if (message.mark !== Opcode.BINARY) message.enter(Opcode.BINARY);
    if (message.buffer !== bytes) message.buffer = bytes;
    message.start = payload;
    message.end = end;
    this.end = end;
    return message;
  }

  /** Nothing is under way and nothing waits: the next byte starts a frame. Never so in debug mode. */
  get idle(): boolean {
    return this.fast && this.ring.tail === this.end;
  }

  /** How many bytes the frame under way still lacks; where its header is not whole, as many as a header may. */
  get missing(): number {
    const { size, length } = this.header;
    if (size === 0) return MAX_HEADER;
    return (this.assembling ? length - this.scanned : size + length) - this.unread;
  }

  /** Bytes that have arrived and are not yet part of a message. */
  get unread(): number {
    return this.ring.tail - this.end;
  }

  /** Index into the ring of the first frame that {@link next} has not begun, which may lie beyond what has arrived. */
  get nextFrame(): number {
    const { size, length, isControl } = this.header;
    if (size === 0 || isControl) return this.end;
    return this.assembling ? this.end + length - this.scanned : this.end + size + length;
  }

  /** Forgets everything, a failure too, and is ready for a new connection. */
  reset(): void {
    this.ring.clear();
    this.end = 0;
    this.message.start = this.message.end;
    this.failure = null;
    this.closed = false;
    this.header.clear();
    this.messageOpcode = 0;
    this.assemblyLent = false;
    this.assembly.clear();
    this.inflater?.reset();
    this.lent?.expire();
    this.bet(!this.debug);
  }

  /** Gives back the memory of the ring and of what inflates: no message is lent out any more, and none will be read. */
  release(): void {
    this.ring.release();
    this.inflater?.close();
  }

  /** The same for any plain frame. */
  private nextPlain(): Message | null {
    const { bytes, message, end: start, ring } = this;
    if (!this.fast || ring.tail - start < 4) return this.nextSlow();
    const end = this.plain.read(bytes, this.words, start, ring.tail, message);
    if (end < 0) return this.nextSlow();
    if (message.buffer !== bytes) message.buffer = bytes;
    this.end = end;
    return message;
  }

  private nextSlow(): Message | null {
    this.ring.head = this.end;
    this.message.start = this.message.end;
    if (this.assemblyLent) this.assembly.clear();
    this.assemblyLent = false;
    const message = this.readFrames();
    const underWay = this.header.size !== 0 || this.messageOpcode !== 0 || this.assemblyLent;
    this.bet(!underWay && !this.closed && this.failure === null && !this.debug);
    if (!this.debug) return message;
    this.lent?.expire();
    this.lent = message === null ? null : new CheckedMessage(message);
    return this.lent;
  }

  private readFrames(): ReaderMessage | null {
    while (this.failure === null && !this.closed) {
      if (this.header.size === 0 && !this.beginFrame()) return null;
      if (!this.takePayload()) return null;
      const message = this.endFrame();
      if (message !== null) return message;
    }
    return null;
  }

  private beginFrame(): boolean {
    const header = this.header;
    const messageSize = this.messageOpcode === 0 ? -1 : this.assembly.length;
    if (!header.parse(this.bytes, this.end, this.ring.tail, this.rules, messageSize, this.compressed)) {
      if (header.fault !== null) this.fail(header.fault, header.detail);
      return false;
    }
    this.scanned = 0;
    if (!header.isControl && messageSize < 0) {
      this.text.begin();
      this.compressed = header.compressed;
      if (header.compressed) this.inflater?.begin(header.opcode === Opcode.TEXT);
    }
    const large = header.size + header.length > this.ring.capacity;
    this.assembling = !header.isControl && (!header.fin || messageSize >= 0 || large || header.compressed);
    if (this.assembling) {
      if (messageSize < 0) this.messageOpcode = header.opcode;
      this.end += header.size;
    }
    return true;
  }

  /** Unmasks, checks and, where it is assembled, moves what has arrived of the payload; true once that is all of it. */
  private takePayload(): boolean {
    const { header, assembling, bytes, words, ring } = this;
    const from = assembling ? this.end : this.end + header.size + this.scanned;
    const to = Math.min(from + header.length - this.scanned, ring.tail);
    // A control frame is left as it came until it is whole: a scout may have to answer it before it is read.
    if (header.isControl && to - from < header.length) return false;
    if (this.rules.maskBit !== 0 && to > from) maskBytes(bytes, words, from, to, header.key, this.scanned);
    this.scanned += to - from;
    const whole = this.scanned === header.length;
    if (assembling && this.compressed) {
      const fault = this.inflater?.take(bytes, from, to, whole && header.fin) ?? null;
      if (fault !== null) this.fail(fault, this.inflater?.detail ?? "");
    } else if (to > from) {
      const opcode = assembling ? this.messageOpcode : header.opcode;
      if (opcode === Opcode.TEXT && !this.text.feed(bytes, words, from, to)) this.fail("WS_INVALID_UTF8", "");
      else if (assembling) this.assembly.append(bytes, from, to);
    }
    if (assembling) {
      this.end = to;
      ring.head = to;
    }
    return whole && this.failure === null;
  }

  /** The message that the frame completes, or null for a fragment before the last one and for a fault. */
  private endFrame(): ReaderMessage | null {
    const header = this.header;
    const payload = this.end + header.size;
    header.size = 0;
    if (this.assembling) {
      if (!header.fin) return null;
      const opcode = this.messageOpcode;
      this.messageOpcode = 0;
      this.assemblyLent = true;
      return this.lend(opcode, this.assembly.bytes, 0, this.assembly.length);
    }
    this.end = payload + header.length;
    return this.lend(header.opcode, this.bytes, payload, this.end);
  }

  private lend(opcode: number, buffer: Uint8Array, start: number, end: number): ReaderMessage | null {
    const { message, text } = this;
    if (opcode === Opcode.TEXT && !text.complete)
      return this.fail("WS_INVALID_UTF8", "the text ends within a character");
    if (opcode === Opcode.CLOSE) {
      const fault = closePayloadFault(buffer, start, end);
      if (fault !== null) return this.fail(fault, closeCodeDetail(buffer, start, end));
      this.closed = true;
    }
    message.enter(opcode === Opcode.TEXT && text.ascii ? opcode | ASCII : opcode);
    message.buffer = buffer;
    message.start = start;
    message.end = end;
    return message;
  }

  private bet(fast: boolean): void {
    this.fast = fast;
    this.short = fast && this.plain.keySize === 0 ? this.plain.first : -1;
  }

  private fail(fault: ProtocolFault, detail: string): null {
    this.failure = new ProtocolError(fault, detail);
    this.bet(false);
    return null;
  }
}
