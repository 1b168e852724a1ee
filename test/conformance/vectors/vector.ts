/**
 * One conversation. The peer plays {@link script} and then, unless that has a close frame, sends one of 1000, so that a connection that lives
 * on ends in order; the program under test echoes text and binary. {@link events} say all that happens:
 *
 * ```text
 * text "Hello", binary 00ff, ping 01, pong 02   a message was received; long ones are shown as their length and a hash
 * close 1000 "bye"                              the peer's close frame was received: the last event; 1005 where it is empty
 * failed 1002 WS_RESERVED_BITS                  the peer broke the protocol: the last event
 * sent text "Hello", sent pong 01, sent close   a frame was sent, `close` with its code if it has one
 * |                                             what is above happens before the peer sends what is behind the mark, what is below after
 * ```
 *
 * What is received is in order, and so is what is sent; how the two interleave does not matter but for the marks. The answers to a closing
 * frame of 1000, and the end of the connection that follows each conversation, are not written down.
 */
export interface Vector {
  /** One sentence: the rule, and where it stands. */
  readonly why: string;
  readonly script: readonly Step[];
  readonly events: readonly string[];
  /** Sizes of the pieces in which the bytes arrive, whatever the frames; 0 for as they were sent. Default: {@link AS_SENT_AND_BYTEWISE}. */
  readonly chops?: readonly number[];
  /** One of the two ends is held to it; default both. */
  readonly role?: "client" | "server";
  /** Compression that both ends agree on beforehand. Default: none. */
  readonly deflate?: DeflateAgreement;
}

/** What two ends agree on (RFC 7692 section 7.1), and which of them wants it so: the other one offers, or grants, whatever is asked. */
export interface DeflateAgreement {
  readonly wantedBy: "peer" | "program";
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15. */
  readonly serverMaxWindowBits: number;
  readonly clientMaxWindowBits: number;
}

/** Vectors that hold one another's context: `6.4 Fail fast`. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly vectors: readonly Vector[];
}

/** What the peer sends next: a frame, a compressed message, bytes as they are, or a mark, at which it waits until the other end is done. */
export type Step = Frame | DeflatedMessage | Uint8Array | typeof MARK;

/** A message that the peer compresses by what was agreed on. */
export interface DeflatedMessage {
  readonly kind: "text" | "binary";
  readonly payload: Uint8Array;
  /** Bytes of compressed payload in each frame; 0 for one frame. */
  readonly fragment: number;
  /** Of zlib's compression, 0 to 9: 0 stores. */
  readonly level: number;
}

export interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly fin: boolean;
  /** Of 0x70. */
  readonly reserved: number;
  /** Bytes of the extended length, 0, 2 or 8; null for the shortest form. */
  readonly lengthBytes: number | null;
  /** The length that the header tells; null for the payload's. */
  readonly announced: bigint | null;
  /** The other way round than the peer's role asks for. */
  readonly wrongMask: boolean;
  /** Marks within the frame, each behind so many bytes of its payload. */
  readonly marks: readonly number[];
}

export const MARK = "|";

export const AS_SENT_AND_BYTEWISE: readonly number[] = [0, 1];
