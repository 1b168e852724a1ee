import { UsageError } from "../errors.ts";
import { decodeLatin1, decodeUtf8 } from "../text.ts";
import { CloseCode } from "./close-code.ts";
import { CONTROL_BIT, OPCODE_BITS, Opcode } from "./opcode.ts";

/** What a message is; `ping`, `pong` and `close` are control messages. */
export type MessageKind = "text" | "binary" | "ping" | "pong" | "close";

/**
 * A message that is **borrowed** from the reader: one object, reused, valid until the reader's next `next()` (for a stream: the next
 * `recv`/`tryRecv`; for a handler: until it returns). Its bytes lie in the reader's memory. Keep one with {@link toOwned}.
 * With `NEXUS_DEBUG=1` in the environment reading an expired one throws `MESSAGE_EXPIRED`.
 */
export class Message {
  kind: MessageKind = "binary";
  /** The memory that holds the payload at `[start, end)`. */
  buffer: Uint8Array;
  start = 0;
  end = 0;
  /** The opcode, and {@link ASCII} where the payload is text that was seen to be ASCII. */
  protected mark: number = Opcode.BINARY;
  private readonly receipt: ReceiptOf;

  constructor(buffer: Uint8Array, receipt: ReceiptOf = UNKNOWN) {
    this.buffer = buffer;
    this.receipt = receipt;
  }

  /**
   * When the read that brought the message's last byte was handed to us: milliseconds on the clock of `performance.now()`, which only runs
   * forward; `performance.timeOrigin` is its zero. All messages of one read have one stamp, which is taken once per read and looked up at
   * each call. NaN for a message of a `FrameReader` whose `stamps.add` was not called, and of a `SpinFeed`. It is not kept by {@link toOwned}.
   */
  get receivedAt(): number {
    return this.receipt.receivedAt;
  }

  /**
   * When the kernel had that byte: nanoseconds since 1970 by the system's clock (SO_TIMESTAMPNS). Of a spin stream with the option
   * `timestamps`; null elsewhere, and where the kernel did not stamp, which it begins a moment after the first socket of a machine has asked.
   * A big integer is made at each call.
   */
  get kernelReceivedAt(): bigint | null {
    return this.receipt.kernelReceivedAt;
  }

  /** True for a ping, a pong or a close, false for text and binary. */
  get isControl(): boolean {
    return (this.mark & CONTROL_BIT) !== 0;
  }

  /** Payload bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** A view of the payload, no copy; borrowed like the message. */
  bytes(): Uint8Array {
    return this.buffer.subarray(this.start, this.end);
  }

  /** The payload as a string, decoded at each call. Text messages were validated as they arrived. */
  text(): string {
    return (this.mark & ASCII) !== 0
      ? decodeLatin1(this.buffer, this.start, this.end)
      : decodeUtf8(this.buffer, this.start, this.end);
  }

  /** The payload parsed as JSON; throws `SyntaxError` as `JSON.parse` does. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** Of a close message: the peer's code, 1005 where it gave none. 1005 for every other kind. */
  get closeCode(): number {
    if (this.kind !== "close" || this.length < 2) return CloseCode.NO_STATUS;
    return (this.buffer[this.start]! << 8) | this.buffer[this.start + 1]!;
  }

  /** Of a close message: the peer's reason, at most 123 bytes of UTF-8; empty for every other kind. */
  get closeReason(): string {
    if (this.kind !== "close" || this.length < 2) return "";
    return decodeUtf8(this.buffer, this.start + 2, this.end);
  }

  /** A copy that owns its data. */
  toOwned(): OwnedMessage {
    switch (this.kind) {
      case "text":
        return { kind: "text", text: this.text() };
      case "close":
        return { kind: "close", code: this.closeCode, reason: this.closeReason };
      default:
        return { kind: this.kind, bytes: this.buffer.slice(this.start, this.end) };
    }
  }
}

/** Who knows when the message that is lent out came. */
export interface ReceiptOf {
  /** As {@link Message.receivedAt}. */
  readonly receivedAt: number;
  /** As {@link Message.kernelReceivedAt}. */
  readonly kernelReceivedAt: bigint | null;
}

/** A message that owns its data: what `for await` gives and a writable stream takes. */
export type OwnedMessage =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  | { readonly kind: "ping" | "pong"; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** The message as its reader sees it: the field that a handler has no business with is open here. */
export class ReaderMessage extends Message {
  declare mark: number;

  /** Says what the message is. Call it where `mark` changes: runs of one kind are the rule, and a comparison costs less than two stores. */
  enter(mark: number): void {
    this.mark = mark;
    this.kind = KINDS[mark & OPCODE_BITS]!;
  }
}

const UNKNOWN: ReceiptOf = { receivedAt: Number.NaN, kernelReceivedAt: null };

/** Of a message's mark: text that can be read without decoding. */
export const ASCII = 0x100;

/** By opcode. */
const KINDS: readonly (MessageKind | undefined)[] = [
  undefined,
  "text",
  "binary",
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  "close",
  "ping",
  "pong",
];

/** The message of the debug mode: a new object each time, which throws once its reader has moved on. */
export class CheckedMessage extends Message {
  #expired = false;

  constructor(of: ReaderMessage) {
    super(of.buffer);
    for (const name of ["kind", "mark", "buffer", "start", "end", "receivedAt", "kernelReceivedAt"] as const) {
      const value = of[name];
      Object.defineProperty(this, name, { get: () => this.#read(value), enumerable: true });
    }
  }

  expire(): void {
    this.#expired = true;
  }

  #read<T>(value: T): T {
    if (!this.#expired) return value;
    throw new UsageError(
      "MESSAGE_EXPIRED",
      "Cannot read message: it was borrowed until the next one; keep it with toOwned()",
    );
  }
}
