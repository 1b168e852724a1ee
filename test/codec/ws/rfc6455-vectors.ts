import type { Role } from "../../../src/codec/ws/opcode.ts";
import { hex, hexOf, joined, pattern, utf8 } from "../../helpers/bytes.ts";
import { bytesEvent, textEvent } from "../../helpers/events.ts";
import { fragments, frameBytes } from "../../helpers/frames.ts";

/** One rule of RFC 6455: why, the bytes, and what a reader must say about them. */
export interface Vector {
  readonly why: string;
  readonly bytes: string | Uint8Array;
  readonly events: readonly string[];
  /** Default: client. */
  readonly role?: Role;
  readonly maxFrameSize?: number;
  readonly maxMessageSize?: number;
  /** With how many bytes the failure is certain. Default: with the last. */
  readonly failsAfter?: number;
  readonly endsWithinFrame?: boolean;
}

const KEY = hex("37 fa 21 3d");
const BIG = pattern(65536);
const KIB_64 = "a".repeat(65536);

/** Section 5.7, in its order. */
const EXAMPLES: readonly Vector[] = [
  { why: "a single-frame unmasked text message", bytes: "81 05 48 65 6c 6c 6f", events: ['text "Hello"'] },
  {
    why: "a single-frame masked text message",
    role: "server",
    bytes: "81 85 37 fa 21 3d 7f 9f 4d 51 58",
    events: ['text "Hello"'],
  },
  {
    why: "a fragmented unmasked text message",
    bytes: "01 03 48 65 6c  80 02 6c 6f",
    events: ['text "Hello"'],
  },
  { why: "an unmasked ping request", bytes: "89 05 48 65 6c 6c 6f", events: ["ping 48656c6c6f"] },
  {
    why: "its masked pong response",
    role: "server",
    bytes: "8a 85 37 fa 21 3d 7f 9f 4d 51 58",
    events: ["pong 48656c6c6f"],
  },
  {
    why: "256 bytes of binary in a single unmasked frame",
    bytes: joined([hex("82 7e 01 00"), pattern(256)]),
    events: [bytesEvent("binary", pattern(256))],
  },
  {
    why: "64 KiB of binary in a single unmasked frame",
    bytes: joined([hex("82 7f 00 00 00 00 00 01 00 00"), BIG]),
    events: [bytesEvent("binary", BIG)],
  },
];

/** Section 5.1: who masks. */
const MASKING: readonly Vector[] = [
  {
    why: "a client fails the connection when the server masks",
    bytes: "81 85 37 fa 21 3d 7f 9f 4d 51 58",
    events: ["fail WS_MASKED_FRAME"],
    failsAfter: 2,
  },
  {
    why: "a server fails the connection when the client does not mask",
    role: "server",
    bytes: "81 05 48 65 6c 6c 6f",
    events: ["fail WS_UNMASKED_FRAME"],
    failsAfter: 2,
  },
  {
    why: "control frames are held to it: a masked ping",
    bytes: "89 80 01 02 03 04",
    events: ["fail WS_MASKED_FRAME"],
    failsAfter: 2,
  },
  {
    why: "control frames are held to it: a bare close",
    role: "server",
    bytes: "88 00",
    events: ["fail WS_UNMASKED_FRAME"],
    failsAfter: 2,
  },
  {
    why: "fragments are held to it one by one",
    role: "server",
    bytes: "01 81 00 00 00 00 61  80 01 62",
    events: ["fail WS_UNMASKED_FRAME"],
    failsAfter: 9,
  },
  {
    why: "a key of zeros is a key",
    role: "server",
    bytes: "82 83 00 00 00 00 01 02 03",
    events: ["binary 010203"],
  },
  {
    why: "each frame has its own key",
    role: "server",
    bytes: "82 84 ff ff ff ff fe fd fc fb  82 81 01 00 00 00 04  82 80 aa bb cc dd",
    events: ["binary 01020304", "binary 05", "binary"],
  },
  {
    why: "each fragment has its own key, which begins anew with it",
    role: "server",
    bytes: joined([
      frameBytes({ opcode: 2, payload: pattern(5), fin: false, key: KEY }),
      frameBytes({ opcode: 9, payload: pattern(3), key: hex("01020304") }),
      frameBytes({ opcode: 0, payload: pattern(7), key: hex("80818283") }),
    ]),
    events: [bytesEvent("ping", pattern(3)), bytesEvent("binary", joined([pattern(5), pattern(7)]))],
  },
  {
    why: "a masked message larger than the ring is unmasked in step over all its pieces",
    role: "server",
    bytes: frameBytes({ opcode: 2, payload: pattern(9000), key: KEY }),
    events: [bytesEvent("binary", pattern(9000))],
  },
];

/** Section 5.2: the header. */
const HEADER: readonly Vector[] = [
  ...[0x40, 0x20, 0x10, 0x70].map((reserved) => ({
    why: `reserved bits 0x${reserved.toString(16)} need an extension`,
    bytes: frameBytes({ opcode: 1, payload: utf8("a"), reserved }),
    events: ["fail WS_RESERVED_BITS"],
    failsAfter: 2,
  })),
  {
    why: "a control frame's reserved bits need an extension",
    bytes: "c9 00",
    events: ["fail WS_RESERVED_BITS"],
    failsAfter: 2,
  },
  {
    why: "a continuation's reserved bits need an extension",
    bytes: "01 01 61  90 01 62",
    events: ["fail WS_RESERVED_BITS"],
    failsAfter: 5,
  },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ({
    why: `opcode ${opcode} is reserved`,
    bytes: frameBytes({ opcode }),
    events: ["fail WS_RESERVED_OPCODE"],
    failsAfter: 2,
  })),
  { why: "nothing is nothing", bytes: "", events: [] },
  { why: "one byte is not a header", bytes: "81", events: [], endsWithinFrame: true },
  { why: "an empty text message", bytes: "81 00", events: ['text ""'] },
  { why: "an empty binary message", bytes: "82 00", events: ["binary"] },
  {
    why: "messages of two bytes in a row",
    bytes: "82 00 81 00 82 00 89 00",
    events: ["binary", 'text ""', "binary", "ping"],
  },
  ...[1, 124, 125, 126, 127, 128, 255, 256, 65535, 65536, 65537].flatMap((length) => lengthVectors(length)),
  {
    why: "a length over 2^63 is refused before the limits are asked",
    bytes: "82 7f 80 00 00 00 00 00 00 00",
    events: ["fail WS_LENGTH_TOO_LARGE"],
    failsAfter: 10,
  },
  {
    why: "so is the largest of them",
    bytes: "82 7f ff ff ff ff ff ff ff ff",
    events: ["fail WS_LENGTH_TOO_LARGE"],
    failsAfter: 10,
  },
  {
    why: "2^63 - 1 is a length, but over the limit",
    bytes: "82 7f 7f ff ff ff ff ff ff ff",
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 10,
  },
  {
    why: "2^32 is over the limit, although its lower half is zero",
    bytes: "82 7f 00 00 00 01 00 00 00 00",
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 10,
  },
  {
    why: "2^32 + 5 is over the limit, although its lower half is small",
    bytes: "82 7f 00 00 00 01 00 00 00 05 01 02 03 04 05",
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 10,
  },
  {
    why: "2^31 is over the limit, although it is negative as a 32-bit integer",
    bytes: "82 7f 00 00 00 00 80 00 00 00",
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 10,
  },
  ...[0, 1, 125].map((length) => ({
    why: `${length} in 16 bits is not minimal`,
    bytes: frameBytes({ opcode: 2, payload: pattern(length), lengthBytes: 2 }),
    events: ["fail WS_LENGTH_NOT_MINIMAL"],
    failsAfter: 4,
  })),
  ...[0, 1, 125, 126, 65535].map((length) => ({
    why: `${length} in 64 bits is not minimal`,
    bytes: frameBytes({ opcode: 2, payload: pattern(length), lengthBytes: 8 }),
    events: ["fail WS_LENGTH_NOT_MINIMAL"],
    failsAfter: 10,
  })),
  {
    why: "a masked length that is not minimal is refused before its key",
    role: "server",
    bytes: "82 fe 00 7d",
    events: ["fail WS_LENGTH_NOT_MINIMAL"],
    failsAfter: 4,
  },
  {
    why: "a header that lacks one byte of its length says nothing",
    bytes: "82 7f 00 00 00 00 00 01 00",
    events: [],
    endsWithinFrame: true,
  },
  {
    why: "a header that lacks one byte of its key says nothing",
    role: "server",
    bytes: "82 81 01 02 03",
    events: [],
    endsWithinFrame: true,
  },
];

/** The limits, refused from the header. */
const LIMITS: readonly Vector[] = [
  {
    why: "a frame of exactly maxFrameSize",
    maxFrameSize: 5,
    bytes: "82 05 01 02 03 04 05",
    events: ["binary 0102030405"],
  },
  {
    why: "one byte over maxFrameSize, in 7 bits",
    maxFrameSize: 4,
    bytes: "82 05",
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 2,
  },
  {
    why: "one byte over maxFrameSize, in 16 bits",
    maxFrameSize: 200,
    bytes: joined([hex("81 7e 00 c9"), pattern(201).fill(0x61)]),
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 4,
  },
  {
    why: "one byte over maxFrameSize, in 64 bits and before the key",
    role: "server",
    maxFrameSize: 65536,
    bytes: "82 ff 00 00 00 00 00 01 00 01",
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 10,
  },
  {
    why: "maxMessageSize holds for a single frame",
    maxMessageSize: 4,
    maxFrameSize: 100,
    bytes: "82 05 01 02 03 04 05",
    events: ["fail WS_MESSAGE_TOO_LARGE"],
    failsAfter: 2,
  },
  {
    why: "fragments of exactly maxMessageSize together",
    maxMessageSize: 6,
    bytes: "02 03 01 02 03  00 02 04 05  80 01 06",
    events: ["binary 010203040506"],
  },
  {
    why: "the fragment that goes over maxMessageSize is refused from its header",
    maxMessageSize: 6,
    maxFrameSize: 4,
    bytes: "02 03 01 02 03  00 02 04 05  80 02 06 07",
    events: ["fail WS_MESSAGE_TOO_LARGE"],
    failsAfter: 11,
  },
  {
    why: "control frames do not count towards the limits",
    maxMessageSize: 2,
    bytes: "02 01 01  89 05 01 02 03 04 05  80 01 02",
    events: ["ping 0102030405", "binary 0102"],
  },
  {
    why: "a limit of zero lets empty messages pass",
    maxMessageSize: 0,
    bytes: "81 00 82 01",
    events: ['text ""', "fail WS_FRAME_TOO_LARGE"],
    failsAfter: 4,
  },
  {
    why: "a message that is over is not spread over two",
    maxMessageSize: 6,
    bytes: "82 06 01 02 03 04 05 06  82 06 01 02 03 04 05 06",
    events: ["binary 010203040506", "binary 010203040506"],
  },
  {
    why: "the default limit is 16 MiB",
    bytes: "82 7f 00 00 00 00 01 00 00 01",
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 10,
  },
  {
    why: "the default limit is not lower than 16 MiB",
    bytes: "82 7f 00 00 00 00 01 00 00 00 01 02",
    events: [],
    endsWithinFrame: true,
  },
];

/** Section 5.4: fragmentation. */
const FRAGMENTS: readonly Vector[] = [
  { why: "a first and a last frame", bytes: "02 01 01  80 01 02", events: ["binary 0102"] },
  { why: "frames between them", bytes: "02 01 01  00 01 02  00 01 03  80 01 04", events: ["binary 01020304"] },
  { why: "an empty first frame", bytes: "02 00  80 01 02", events: ["binary 02"] },
  { why: "an empty last frame", bytes: "02 01 01  80 00", events: ["binary 01"] },
  { why: "nothing but empty frames", bytes: "01 00  00 00  00 00  80 00", events: ['text ""'] },
  {
    why: "control frames may stand between fragments, and come first",
    bytes: "01 03 48 65 6c  89 02 01 02  00 01 6c  8a 00  89 00  80 01 6f",
    events: ["ping 0102", "pong", "ping", 'text "Hello"'],
  },
  {
    why: "a fragmented message behind a fragmented one",
    bytes: "02 01 01 80 01 02  01 01 61 80 01 62",
    events: ["binary 0102", 'text "ab"'],
  },
  {
    why: "a whole message behind a fragmented one",
    bytes: "02 01 01 80 01 02  81 01 61",
    events: ["binary 0102", 'text "a"'],
  },
  {
    why: "a fragmented message behind a whole one",
    bytes: "82 01 09  02 01 01 80 01 02",
    events: ["binary 09", "binary 0102"],
  },
  {
    why: "a continuation with nothing to continue",
    bytes: "80 01 61",
    events: ["fail WS_CONTINUATION_UNEXPECTED"],
    failsAfter: 2,
  },
  {
    why: "a continuation without FIN and with nothing to continue",
    bytes: "00 01 61",
    events: ["fail WS_CONTINUATION_UNEXPECTED"],
    failsAfter: 2,
  },
  {
    why: "a continuation behind a message that is complete",
    bytes: "01 01 61  80 01 62  80 01 63",
    events: ['text "ab"', "fail WS_CONTINUATION_UNEXPECTED"],
    failsAfter: 8,
  },
  {
    why: "a text message within a fragmented one",
    bytes: "01 01 61  81 01 62",
    events: ["fail WS_CONTINUATION_EXPECTED"],
    failsAfter: 5,
  },
  {
    why: "a binary fragment within a fragmented text",
    bytes: "01 01 61  02 01 62",
    events: ["fail WS_CONTINUATION_EXPECTED"],
    failsAfter: 5,
  },
  {
    why: "a ping between fragments ends no message",
    bytes: "01 00  89 00  81 00",
    events: ["ping", "fail WS_CONTINUATION_EXPECTED"],
    failsAfter: 6,
  },
  {
    why: "fragments of 30,000 bytes with pings between them",
    bytes: joined(
      fragments(2, [pattern(30_000), pattern(30_001), pattern(7)]).flatMap((part, at) =>
        at === 0 ? [part] : [frameBytes({ opcode: 9, payload: Uint8Array.of(at) }), part],
      ),
    ),
    events: ["ping 01", "ping 02", bytesEvent("binary", joined([pattern(30_000), pattern(30_001), pattern(7)]))],
  },
  {
    why: "300 fragments of one byte",
    bytes: joined(
      fragments(
        1,
        Array.from({ length: 300 }, () => utf8("x")),
      ),
    ),
    events: [textEvent("x".repeat(300))],
  },
  {
    why: "a text of 64 KiB in one frame, then a short one",
    bytes: joined([frameBytes({ opcode: 1, payload: utf8(KIB_64) }), frameBytes({ opcode: 1, payload: utf8("b") })]),
    events: [textEvent(KIB_64), 'text "b"'],
  },
  {
    why: "messages of 1,000 bytes that pass the end of the ring many times",
    bytes: joined(Array.from({ length: 12 }, () => frameBytes({ opcode: 2, payload: pattern(1000) }))),
    events: Array.from({ length: 12 }, () => bytesEvent("binary", pattern(1000))),
  },
];

/** Section 5.5: control frames. */
const CONTROL: readonly Vector[] = [
  { why: "a ping without a payload", bytes: "89 00", events: ["ping"] },
  { why: "a pong nobody asked for", bytes: "8a 03 01 02 03", events: ["pong 010203"] },
  {
    why: "a ping of 125 bytes",
    bytes: frameBytes({ opcode: 9, payload: pattern(125) }),
    events: [bytesEvent("ping", pattern(125))],
  },
  {
    why: "a masked ping of 125 bytes",
    role: "server",
    bytes: frameBytes({ opcode: 9, payload: pattern(125), key: KEY }),
    events: [bytesEvent("ping", pattern(125))],
  },
  ...[8, 9, 10].flatMap((opcode) => [
    {
      why: `a control frame of 126 bytes, opcode ${opcode}`,
      bytes: frameBytes({ opcode, payload: pattern(126) }),
      events: ["fail WS_CONTROL_TOO_LONG"],
      failsAfter: 2,
    },
    {
      why: `a control frame with a 64-bit length, opcode ${opcode}`,
      bytes: frameBytes({ opcode, lengthBytes: 8, payload: pattern(1) }),
      events: ["fail WS_CONTROL_TOO_LONG"],
      failsAfter: 2,
    },
    {
      why: `a control frame in fragments, opcode ${opcode}`,
      bytes: frameBytes({ opcode, fin: false }),
      events: ["fail WS_CONTROL_FRAGMENTED"],
      failsAfter: 2,
    },
  ]),
  { why: "a control payload need not be UTF-8", bytes: "89 02 ff fe", events: ["ping fffe"] },
  { why: "a ping that is cut", bytes: "89 04 01 02", events: [], endsWithinFrame: true },
];

/** Sections 5.5.1 and 7.4: the close frame. */
const CLOSE: readonly Vector[] = [
  { why: "a close frame may be empty", bytes: "88 00", events: ['close 1005 ""'] },
  { why: "a code without a reason", bytes: "88 02 03 e8", events: ['close 1000 ""'] },
  { why: "a code and a reason", bytes: "88 05 03 e9 62 79 65", events: ['close 1001 "bye"'] },
  {
    why: "a masked code and reason",
    role: "server",
    bytes: frameBytes({ opcode: 8, payload: hex("03e8 c3a4"), key: KEY }),
    events: ['close 1000 "ä"'],
  },
  {
    why: "a reason of 123 bytes",
    bytes: frameBytes({ opcode: 8, payload: joined([hex("0fa0"), utf8("r".repeat(123))]) }),
    events: [`close 4000 ${JSON.stringify("r".repeat(123))}`],
  },
  { why: "one byte is not a code", bytes: "88 01 03", events: ["fail WS_CLOSE_PAYLOAD"], failsAfter: 3 },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) => ({
    why: `${code} may stand in a close frame`,
    bytes: closeFrame(code),
    events: [`close ${code} ""`],
  })),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => ({
    why: `${code} must not stand in a close frame`,
    bytes: closeFrame(code),
    events: ["fail WS_CLOSE_CODE"],
    failsAfter: 4,
  })),
  { why: "a reason is UTF-8", bytes: "88 03 03 e8 ff", events: ["fail WS_INVALID_UTF8"], failsAfter: 5 },
  {
    why: "a reason does not end within a character",
    bytes: "88 04 03 e8 e2 82",
    events: ["fail WS_INVALID_UTF8"],
    failsAfter: 6,
  },
  { why: "data behind a close frame is dropped", bytes: "88 02 03 e8  81 01 61  82 00", events: ['close 1000 ""'] },
  { why: "nonsense behind a close frame is dropped", bytes: "88 00  ff ff ff ff", events: ['close 1005 ""'] },
  {
    why: "messages before the close frame are not",
    bytes: "81 01 61  89 00  88 02 03 e8",
    events: ['text "a"', "ping", 'close 1000 ""'],
  },
  {
    why: "a close frame may cut a fragmented message off",
    bytes: "01 01 61  88 00  80 01 62",
    events: ['close 1005 ""'],
  },
];

/** Valid UTF-8, each at its boundaries (RFC 3629 section 4). */
export const GOOD_TEXTS: readonly string[] = [
  "\u0000\u007f",
  "\u0080\u07ff",
  "\u0800\ud7ff\ue000\uffff",
  "\u{10000}\u{10ffff}",
  "κόσμε",
  "\ufeff is kept",
  "ASCII and €, ASCII again, \u{1f600}",
  "\ufdd0\ufffe non-characters are characters",
];

/** Not UTF-8: what is wrong, the bytes, and how many of them make it certain (0: only that the text ends). */
export const BAD_TEXTS: readonly (readonly [why: string, bytes: string, certainAfter: number])[] = [
  ["a continuation byte alone", "80", 1],
  ["a continuation byte behind ASCII", "61 bf", 2],
  ["C0 begins only overlong forms", "c0 80", 1],
  ["C1 begins only overlong forms", "c1 bf", 1],
  ["E0 80 is overlong", "e0 80 80", 2],
  ["E0 9F is overlong", "e0 9f bf", 2],
  ["F0 80 is overlong", "f0 80 80 80", 2],
  ["F0 8F is overlong", "f0 8f bf bf", 2],
  ["ED A0 is a surrogate", "ed a0 80", 2],
  ["ED BF is a surrogate", "ed bf bf", 2],
  ["a pair of surrogates", "ed a1 8c ed be b4", 2],
  ["F4 90 is over U+10FFFF", "f4 90 80 80", 2],
  ["F5 is over U+10FFFF", "f5 80 80 80", 1],
  ["FE is never UTF-8", "fe", 1],
  ["FF is never UTF-8", "48 65 ff 6c", 3],
  ["two bytes, the second ASCII", "c3 28", 2],
  ["three bytes, the second ASCII", "e2 28 a1", 2],
  ["three bytes, the third ASCII", "e2 82 28", 3],
  ["four bytes, the second ASCII", "f0 28 8c bc", 2],
  ["four bytes, the third ASCII", "f0 90 28 bc", 3],
  ["four bytes, the fourth ASCII", "f0 9f 98 28", 4],
  ["a lead behind a lead", "c3 c3", 2],
  ["a character begun and not ended: one of two bytes", "61 c3", 0],
  ["a character begun and not ended: two of three bytes", "61 e2 82", 0],
  ["a character begun and not ended: three of four bytes", "61 f0 9f 98", 0],
  ["a character begun and not ended behind long ASCII", `${"61 ".repeat(40)} e2 82`, 0],
  ["one bad byte in long ASCII", `${"61 ".repeat(21)} 80 ${"61 ".repeat(21)}`, 22],
];

/** Every vector that is not about UTF-8, by section. */
export const VECTORS: Readonly<Record<string, readonly Vector[]>> = {
  "5.1 masking": MASKING,
  "5.2 header": HEADER,
  "5.4 fragmentation": FRAGMENTS,
  "5.5 control frames": CONTROL,
  "5.5.1 and 7.4 close": CLOSE,
  "5.7 examples": EXAMPLES,
  "10.4 limits": LIMITS,
};

function lengthVectors(length: number): Vector[] {
  const payload = pattern(length);
  const letters = payload.map((byte) => 0x20 + (byte % 0x5f));
  return [
    {
      why: `${length} bytes of binary`,
      bytes: frameBytes({ opcode: 2, payload }),
      events: [bytesEvent("binary", payload)],
    },
    {
      why: `${length} bytes of text, masked`,
      role: "server",
      bytes: frameBytes({ opcode: 1, payload: letters, key: KEY }),
      events: [textEvent(new TextDecoder().decode(letters))],
    },
    {
      why: `${length} bytes, of which the last is missing`,
      bytes: frameBytes({ opcode: 2, payload }).subarray(0, -1),
      events: [],
      endsWithinFrame: true,
    },
  ];
}

function closeFrame(code: number): string {
  return `88 02 ${hexOf(Uint8Array.of(code >> 8, code & 0xff))}`;
}
