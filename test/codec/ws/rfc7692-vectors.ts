import { joined, utf8 } from "../../helpers/bytes.ts";
import { textEvent } from "../../helpers/events.ts";
import type { Vector } from "./rfc6455-vectors.ts";

/** One rule of RFC 7692. Default: the peer takes its window over. */
export interface DeflateVector extends Vector {
  readonly contextTakeover?: boolean;
}

const EXAMPLES: readonly DeflateVector[] = [
  { why: "a compressed message", bytes: "c1 07 f2 48 cd c9 c9 07 00", events: ['text "Hello"'] },
  {
    why: "the same, masked",
    role: "server",
    bytes: "c1 87 37 fa 21 3d c5 b2 ec f4 fe fd 21",
    events: ['text "Hello"'],
  },
  {
    why: "the same in two fragments: only the first has RSV1",
    bytes: "41 03 f2 48 cd  80 04 c9 c9 07 00",
    events: ['text "Hello"'],
  },
  {
    why: "a second one that shares the window refers back to the first",
    bytes: "c1 07 f2 48 cd c9 c9 07 00  c1 05 f2 00 11 00 00",
    events: ['text "Hello"', 'text "Hello"'],
  },
  {
    why: "a second one that does not refer back, though it could",
    bytes: "c1 07 f2 48 cd c9 c9 07 00  c1 07 f2 48 cd c9 c9 07 00",
    events: ['text "Hello"', 'text "Hello"'],
  },
  {
    why: "the same where the window is not taken over",
    contextTakeover: false,
    bytes: "c1 07 f2 48 cd c9 c9 07 00  c1 07 f2 48 cd c9 c9 07 00",
    events: ['text "Hello"', 'text "Hello"'],
  },
  {
    why: "a block with no compression",
    bytes: "c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00",
    events: ['text "Hello"'],
  },
  { why: "a final block", bytes: "c1 08 f3 48 cd c9 c9 07 00 00", events: ['text "Hello"'] },
  {
    why: "two blocks in one message",
    bytes: "c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
    events: ['text "Hello"'],
  },
  { why: "an empty message", bytes: "c2 01 00", events: ["binary"] },
  {
    why: "an empty last fragment",
    bytes: "41 07 f2 48 cd c9 c9 07 00  80 00",
    events: ['text "Hello"'],
  },
];

const FRAMES: readonly DeflateVector[] = [
  {
    why: "messages that are not compressed stay as they are, and out of the window",
    bytes: "81 02 48 69  c1 07 f2 48 cd c9 c9 07 00  82 03 01 02 03  c1 05 f2 00 11 00 00  81 00",
    events: ['text "Hi"', 'text "Hello"', "binary 010203", 'text "Hello"', 'text ""'],
  },
  {
    why: "control frames between the fragments",
    bytes: "41 03 f2 48 cd  89 01 70  00 02 c9 c9  8a 00  80 02 07 00",
    events: ["ping 70", "pong", 'text "Hello"'],
  },
  {
    why: "fragments that are not compressed, between compressed messages",
    bytes: "c1 07 f2 48 cd c9 c9 07 00  01 01 48  80 01 69  c1 05 f2 00 11 00 00",
    events: ['text "Hello"', 'text "Hi"', 'text "Hello"'],
  },
  {
    why: "a fragment may be empty, the first, one within and the last",
    bytes: "41 00  00 07 f2 48 cd c9 c9 07 00  00 00  80 00",
    events: ['text "Hello"'],
  },
  {
    why: "a payload of no bytes is an empty message, and leaves the window as it is",
    bytes: "c1 07 f2 48 cd c9 c9 07 00  c1 00  41 00 80 00  c1 05 f2 00 11 00 00",
    events: ['text "Hello"', 'text ""', 'text ""', 'text "Hello"'],
  },
  {
    why: "a close frame behind a compressed message",
    bytes: "c1 07 f2 48 cd c9 c9 07 00  88 02 03 e8",
    events: ['text "Hello"', 'close 1000 ""'],
  },
  {
    why: "RSV1 on a continuation",
    bytes: "41 03 f2 48 cd  c0 04 c9 c9 07 00",
    events: ["fail WS_RESERVED_BITS"],
    failsAfter: 7,
  },
  {
    why: "RSV1 on a continuation of what is not compressed",
    bytes: "01 01 48  c0 01 69",
    events: ["fail WS_RESERVED_BITS"],
    failsAfter: 5,
  },
  { why: "RSV1 on a ping", bytes: "c9 00", events: ["fail WS_RESERVED_BITS"], failsAfter: 2 },
  { why: "RSV1 on a pong", bytes: "ca 00", events: ["fail WS_RESERVED_BITS"], failsAfter: 2 },
  { why: "RSV1 on a close frame", bytes: "c8 00", events: ["fail WS_RESERVED_BITS"], failsAfter: 2 },
  { why: "RSV1 on a reserved opcode", bytes: "c3 00", events: ["fail WS_RESERVED_BITS"], failsAfter: 2 },
  { why: "RSV2", bytes: "a1 00", events: ["fail WS_RESERVED_BITS"], failsAfter: 2 },
  { why: "RSV3", bytes: "91 00", events: ["fail WS_RESERVED_BITS"], failsAfter: 2 },
  { why: "RSV1 with RSV2", bytes: "e1 00", events: ["fail WS_RESERVED_BITS"], failsAfter: 2 },
  { why: "RSV1 with RSV3", bytes: "d1 00", events: ["fail WS_RESERVED_BITS"], failsAfter: 2 },
  {
    why: "a new message before the compressed one ended",
    bytes: "41 03 f2 48 cd  c1 01 00",
    events: ["fail WS_CONTINUATION_EXPECTED"],
    failsAfter: 7,
  },
];

const BLOCKS: readonly DeflateVector[] = [
  {
    why: "a final block ends the message: the empty block behind it was left out",
    bytes: "c1 07 f3 48 cd c9 c9 07 00  c1 07 f3 48 cd c9 c9 07 00",
    events: ['text "Hello"', 'text "Hello"'],
  },
  {
    why: "two final blocks in one message",
    bytes: "c1 0f f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00",
    events: ['text "HelloHello"'],
  },
  {
    why: "a final block and another in the fragment that follows",
    bytes: "41 07 f3 48 cd c9 c9 07 00  80 07 f2 48 cd c9 c9 07 00",
    events: ['text "HelloHello"'],
  },
  {
    why: "what follows a final block refers back beyond it, within the message",
    bytes: "c1 0c f3 48 cd c9 c9 07 00 f2 00 11 00 00",
    events: ['text "HelloHello"'],
  },
  {
    why: "and so where the window is not taken over",
    contextTakeover: false,
    bytes: "c1 0c f3 48 cd c9 c9 07 00 f2 00 11 00 00",
    events: ['text "HelloHello"'],
  },
  {
    why: "and so from the next message",
    bytes: "c1 08 f3 48 cd c9 c9 07 00 00  c1 05 f2 00 11 00 00",
    events: ['text "Hello"', 'text "Hello"'],
  },
  {
    why: "a final block that is empty",
    bytes: "c1 07 f2 48 cd c9 c9 07 00  c2 03 03 00 00  c1 05 f2 00 11 00 00",
    events: ['text "Hello"', "binary", 'text "Hello"'],
  },
  {
    why: "a reference beyond the window, which was not taken over",
    contextTakeover: false,
    bytes: "c1 07 f2 48 cd c9 c9 07 00  c1 05 f2 00 11 00 00",
    events: ['text "Hello"', "fail WS_DEFLATE_CORRUPT"],
  },
  { why: "a reference beyond the start", bytes: "c1 05 f2 00 11 00 00", events: ["fail WS_DEFLATE_CORRUPT"] },
  { why: "the reserved kind of block", bytes: "c1 02 07 00", events: ["fail WS_DEFLATE_CORRUPT"] },
  {
    why: "a stored length and its complement that differ",
    bytes: "c1 06 00 05 00 fa fe 48",
    events: ["fail WS_DEFLATE_CORRUPT"],
  },
  {
    why: "rubbish behind a final block",
    bytes: "c1 09 f3 48 cd c9 c9 07 00 07 00",
    events: ["fail WS_DEFLATE_CORRUPT"],
  },
  {
    why: "a message that fails behind others, of which nothing is lost",
    bytes: "c1 07 f2 48 cd c9 c9 07 00  89 01 21  c2 01 07",
    events: ['text "Hello"', "ping 21", "fail WS_DEFLATE_CORRUPT"],
  },
];

/** As a stored block, so that each byte is known as it comes. */
const TEXTS: readonly DeflateVector[] = [
  {
    why: "UTF-8 is checked as it inflates: a bad byte fails there",
    bytes: "c1 0a 00 04 00 fb ff 61 ff 62 63 00",
    events: ["fail WS_INVALID_UTF8"],
    failsAfter: 9,
  },
  {
    why: "also in a fragment, whatever would follow",
    bytes: "41 08 00 04 00 fb ff 61 62 ff  80 02 64 00",
    events: ["fail WS_INVALID_UTF8"],
    failsAfter: 10,
  },
  {
    why: "text that ends within a character",
    bytes: "c1 08 00 02 00 fd ff 61 c3 00",
    events: ["fail WS_INVALID_UTF8"],
    failsAfter: 10,
  },
  {
    why: "a character over two fragments and a ping",
    bytes: "41 07 00 02 00 fd ff 61 c3  89 00  80 07 00 01 00 fe ff a9 00",
    events: ["ping", 'text "aé"'],
  },
  {
    why: "binary is not text",
    bytes: "c2 07 00 01 00 fe ff ff 00",
    events: ["binary ff"],
  },
];

const LIMITS: readonly DeflateVector[] = [
  {
    why: "a message of the limit",
    bytes: "c1 07 f2 48 cd c9 c9 07 00",
    maxMessageSize: 5,
    events: ['text "Hello"'],
  },
  {
    why: "a message over the limit, before the next fragment comes",
    bytes: "41 07 f2 48 cd c9 c9 07 00  80 01 00",
    maxMessageSize: 4,
    events: ["fail WS_MESSAGE_TOO_LARGE"],
    failsAfter: 8,
  },
  {
    why: "a message that is over the limit by both its fragments",
    bytes: "41 0b f2 48 cd c9 c9 07 00 00 00 ff ff  80 07 f2 48 cd c9 c9 07 00",
    maxMessageSize: 9,
    events: ["fail WS_MESSAGE_TOO_LARGE"],
  },
  {
    why: "an empty message where none may be larger",
    bytes: "c1 01 00",
    maxMessageSize: 0,
    events: ['text ""'],
  },
  {
    why: "a payload that is longer than what it stands for, which is within the limit",
    bytes: joined([Uint8Array.of(0xc1, 26, 0, 20, 0, 235, 255), utf8("twenty characters ok"), Uint8Array.of(0)]),
    maxMessageSize: 20,
    events: [textEvent("twenty characters ok")],
  },
  {
    why: "a payload over the limit of a frame, and what data grows by that cannot be compressed: refused from its header",
    bytes: "c2 7e 00 7e",
    maxFrameSize: 50,
    events: ["fail WS_FRAME_TOO_LARGE"],
    failsAfter: 4,
  },
];

export const DEFLATE_VECTORS: Readonly<Record<string, readonly DeflateVector[]>> = {
  "7.2.3: the examples": EXAMPLES,
  "6: frames": FRAMES,
  "7.2.2: blocks": BLOCKS,
  "and UTF-8": TEXTS,
  "and limits": LIMITS,
};
