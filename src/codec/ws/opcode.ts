/** RFC 6455 section 5.2. */
export const Opcode = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;

/** First header byte. */
export const FIN = 0x80;
export const RESERVED_BITS = 0x70;
/** RSV1, of the first frame of a data message: the message is compressed (RFC 7692 section 6). */
export const COMPRESSED = 0x40;
export const OPCODE_BITS = 0x0f;
/** Set in the opcode of each control frame. */
export const CONTROL_BIT = 0x08;
/** Second header byte. */
export const MASK_BIT = 0x80;
export const LENGTH_BITS = 0x7f;
/** Values of the 7-bit length that announce a 16-bit or a 64-bit one. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;

/** The longest payload whose length stands in the second header byte. */
export const MAX_SHORT = 125;
/** RFC 6455 section 5.5. */
export const MAX_CONTROL_PAYLOAD = 125;
/** Two bytes, a 64-bit length, a masking key. */
export const MAX_HEADER = 14;

/** Which end of the connection: a client masks what it sends, a server does not (RFC 6455 section 5.1). */
export type Role = "client" | "server";
