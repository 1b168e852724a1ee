import type { ProtocolFault } from "../errors.ts";
import {
  COMPRESSED,
  CONTROL_BIT,
  FIN,
  LENGTH_16,
  LENGTH_64,
  LENGTH_BITS,
  MASK_BIT,
  MAX_CONTROL_PAYLOAD,
  OPCODE_BITS,
  Opcode,
  RESERVED_BITS,
} from "./opcode.ts";

/** What a frame may be, as far as its header tells. */
export interface HeaderRules {
  /** `MASK_BIT` where frames must be masked (they come from a client), else 0. */
  readonly maskBit: number;
  readonly maxFrameSize: number;
  readonly maxMessageSize: number;
  /** Compression was agreed on: the first frame of a data message may have RSV1 (RFC 7692 section 6). Default false. */
  readonly deflate?: boolean;
}

/** One frame header, RFC 6455 section 5.2. Reused: {@link FrameHeader.parse} overwrites it. */
export class FrameHeader {
  /** Bytes of the header; 0 while there is none. */
  size = 0;
  fin = false;
  opcode = 0;
  /** It begins a compressed message. */
  compressed = false;
  /** Payload bytes. A length over the limits is refused before it is stored, so this is a small integer. */
  length = 0;
  /** Masking key in memory order as a little-endian word; 0 where the frame is not masked. */
  key = 0;
  fault: ProtocolFault | null = null;
  /** The numbers that belong to `fault`. */
  detail = "";

  get isControl(): boolean {
    return (this.opcode & CONTROL_BIT) !== 0;
  }

  /**
   * Parses the header at `pos`, of which the bytes up to `tail` are there. True once it is whole and within the rules; false
   * where bytes are missing (`fault` is null) or a rule is broken. `messageSize` is what the fragments so far hold, −1 where no
   * message is under way; `inflates` that theirs is compressed.
   */
  parse(
    bytes: Uint8Array,
    pos: number,
    tail: number,
    rules: HeaderRules,
    messageSize: number,
    inflates = false,
  ): boolean {
    this.size = 0;
    if (tail - pos < 2) return false;
    const first = bytes[pos]!;
    const second = bytes[pos + 1]!;
    this.fin = (first & FIN) !== 0;
    this.opcode = first & OPCODE_BITS;
    if (!this.#judgeKind(first, second, rules, messageSize)) return false;
    const compressed = this.compressed || (inflates && messageSize >= 0);

    let size = 2;
    let length = second & LENGTH_BITS;
    if (length === LENGTH_16) {
      if (tail - pos < 4) return false;
      length = (bytes[pos + 2]! << 8) | bytes[pos + 3]!;
      if (length < LENGTH_16) return this.#refuse("WS_LENGTH_NOT_MINIMAL", `${length} in 16 bits`);
      size = 4;
    } else if (length === LENGTH_64) {
      if (tail - pos < 10) return false;
      const high = word(bytes, pos + 2);
      const low = word(bytes, pos + 6);
      if (high >= 0x80000000) return this.#refuse("WS_LENGTH_TOO_LARGE", `0x${high.toString(16)} in its upper half`);
      if (high === 0 && low <= 0xffff) return this.#refuse("WS_LENGTH_NOT_MINIMAL", `${low} in 64 bits`);
      if (!this.#judgeSize(high * 0x100000000 + low, rules, messageSize, compressed)) return false;
      length = low | 0;
      size = 10;
    }
    if (!this.#judgeSize(length, rules, messageSize, compressed)) return false;
    if (rules.maskBit !== 0) {
      if (tail - pos < size + 4) return false;
      this.key =
        bytes[pos + size]! |
        (bytes[pos + size + 1]! << 8) |
        (bytes[pos + size + 2]! << 16) |
        (bytes[pos + size + 3]! << 24);
      size += 4;
    } else {
      this.key = 0;
    }
    this.length = length;
    this.size = size;
    return true;
  }

  clear(): void {
    this.size = 0;
    this.fault = null;
    this.detail = "";
  }

  #judgeKind(first: number, second: number, rules: HeaderRules, messageSize: number): boolean {
    const { opcode } = this;
    const { maskBit } = rules;
    const reserved = first & RESERVED_BITS;
    this.compressed = reserved === COMPRESSED && rules.deflate === true && isData(opcode);
    if (reserved !== 0 && !this.compressed) {
      return this.#refuse("WS_RESERVED_BITS", `first byte 0x${first.toString(16)}`);
    }
    if ((opcode > Opcode.BINARY && opcode < Opcode.CLOSE) || opcode > Opcode.PONG) {
      return this.#refuse("WS_RESERVED_OPCODE", `opcode ${opcode}`);
    }
    if ((second & MASK_BIT) !== maskBit) {
      return this.#refuse(maskBit === 0 ? "WS_MASKED_FRAME" : "WS_UNMASKED_FRAME", `opcode ${opcode}`);
    }
    if (this.isControl) {
      if (!this.fin) return this.#refuse("WS_CONTROL_FRAGMENTED", `opcode ${opcode}`);
      const length = second & LENGTH_BITS;
      if (length > MAX_CONTROL_PAYLOAD) return this.#refuse("WS_CONTROL_TOO_LONG", `length field ${length}`);
      return true;
    }
    if (opcode === Opcode.CONTINUATION) return messageSize >= 0 || this.#refuse("WS_CONTINUATION_UNEXPECTED", "");
    return messageSize < 0 || this.#refuse("WS_CONTINUATION_EXPECTED", `opcode ${opcode}`);
  }

  #judgeSize(length: number, rules: HeaderRules, messageSize: number, compressed: boolean): boolean {
    if (this.isControl) return true;
    const { maxFrameSize } = rules;
    if (length > (compressed ? mostCompressed(maxFrameSize) : maxFrameSize)) {
      return this.#refuse("WS_FRAME_TOO_LARGE", `payload is ${length} bytes where maxFrameSize is ${maxFrameSize}`);
    }
    // What it inflates to is judged while it inflates.
    if (compressed) return true;
    const total = length + Math.max(messageSize, 0);
    if (total > rules.maxMessageSize) {
      return this.#refuse(
        "WS_MESSAGE_TOO_LARGE",
        `message is ${total} bytes where maxMessageSize is ${rules.maxMessageSize}`,
      );
    }
    return true;
  }

  #refuse(fault: ProtocolFault, detail: string): false {
    this.fault = fault;
    this.detail = detail;
    return false;
  }
}

function isData(opcode: number): boolean {
  return opcode === Opcode.TEXT || opcode === Opcode.BINARY;
}

/** Data that cannot be compressed grows: by an eighth at the worst, and a few bytes. */
function mostCompressed(size: number): number {
  return size + (size >> 3) + 64;
}

/** Four bytes in network order, unsigned. */
function word(bytes: Uint8Array, pos: number): number {
  return ((bytes[pos]! << 24) | (bytes[pos + 1]! << 16) | (bytes[pos + 2]! << 8) | bytes[pos + 3]!) >>> 0;
}
