import { pattern } from "../../helpers/bytes.ts";
import { binary, close, continuation, echoed, failed, frame, letters, ping, text } from "./build.ts";
import type { Section, Vector } from "./vector.ts";

/** RFC 6455 section 5.2: a message in one frame. */
export const FRAMING: readonly Section[] = [
  {
    id: "1.1",
    title: "Text of every length class",
    vectors: lengths().map(([length, why, chops]) => ({
      why,
      script: [text(letters(length))],
      events: echoed("text", letters(length)),
      chops,
    })),
  },
  {
    id: "1.2",
    title: "Binary of every length class",
    vectors: lengths().map(([length, why, chops]) => ({
      why,
      script: [binary(pattern(length))],
      events: echoed("binary", pattern(length)),
      chops,
    })),
  },
  {
    id: "1.3",
    title: "Messages in a row",
    vectors: [
      {
        why: "a frame begins where the one before it ends (section 5.2)",
        script: [text("Hello"), binary(pattern(300)), text(), binary(), text("bye")],
        events: [
          ...echoed("text", "Hello"),
          ...echoed("binary", pattern(300)),
          ...echoed("text"),
          ...echoed("binary"),
          ...echoed("text", "bye"),
        ],
        chops: [0, 1, 2, 3, 5, 7, 11],
      },
      {
        why: "binary is any bytes: also such that would not be UTF-8 (section 5.6)",
        script: [binary(Uint8Array.of(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80))],
        events: ["binary ffc080eda080", "sent binary ffc080eda080"],
      },
    ],
  },
  {
    id: "1.4",
    title: "Lengths that are not in their shortest form, or too large",
    vectors: [
      ...[0, 1, 125].map((length) => notMinimal(length, 2)),
      ...[0, 125, 126, 65_535].map((length) => notMinimal(length, 8)),
      {
        why: "the most significant bit of a 64-bit length must be 0 (section 5.2)",
        script: [binary("", { announced: 1n << 63n, lengthBytes: 8 })],
        events: failed(1002, "WS_LENGTH_TOO_LARGE"),
      },
      {
        why: "2^63 - 1 is a length, but more than this end takes: refused from the header with 1009 (sections 5.2, 7.4.1 and 10.4)",
        script: [binary("", { announced: (1n << 63n) - 1n, lengthBytes: 8 })],
        events: failed(1009, "WS_FRAME_TOO_LARGE"),
      },
      {
        why: "2^32 is no length of 0 (section 5.2)",
        script: [binary("", { announced: 1n << 32n, lengthBytes: 8 })],
        events: failed(1009, "WS_FRAME_TOO_LARGE"),
      },
    ],
  },
  {
    id: "1.5",
    title: "Who masks",
    vectors: [
      ...[text("Hello"), binary(pattern(200)), text("Hel", { fin: false }), ping("p"), close(1000)].map(
        (right): Vector => ({
          why: `a frame of opcode ${right.opcode} is masked by a client, and by nobody else (section 5.1)`,
          script: [{ ...right, wrongMask: true }],
          events: failed(1002, "WS_MASKED_FRAME"),
          role: "client",
        }),
      ),
      ...[text("Hello"), binary(pattern(200)), text("Hel", { fin: false }), ping("p"), close(1000)].map(
        (right): Vector => ({
          why: `a client that does not mask a frame of opcode ${right.opcode} is refused (section 5.1)`,
          script: [{ ...right, wrongMask: true }],
          events: failed(1002, "WS_UNMASKED_FRAME"),
          role: "server",
        }),
      ),
      {
        why: "each fragment is held to it (section 5.1)",
        script: [text("Hel", { fin: false }), continuation("lo", { wrongMask: true })],
        events: failed(1002, "WS_UNMASKED_FRAME"),
        role: "server",
      },
    ],
  },
];

/** Length, why, and the pieces it arrives in. */
function lengths(): [length: number, why: string, chops: readonly number[]][] {
  const bytewise = [0, 1, 997, 1024];
  const coarse = [0, 997, 1024];
  return [
    [0, "an empty message is one (section 5.2)", bytewise],
    [1, "a payload of one byte (section 5.2)", bytewise],
    [125, "125 is the longest length in 7 bits (section 5.2)", bytewise],
    [126, "126 is the shortest in 16 bits (section 5.2)", bytewise],
    [127, "127 is in 16 bits, though as 7 bits it announces 64 (section 5.2)", bytewise],
    [128, "128 has the top bit of a byte set in its 16 bits (section 5.2)", bytewise],
    [255, "255 fills the lower byte of 16 bits (section 5.2)", bytewise],
    [256, "256 empties it (section 5.2)", bytewise],
    [4096, "4,096 bytes (section 5.2)", bytewise],
    [32_768, "32,768 has the top bit of the 16 set (section 5.2)", coarse],
    [65_535, "65,535 is the longest length in 16 bits (section 5.2)", coarse],
    [65_536, "65,536 is the shortest in 64 bits (section 5.2)", coarse],
    [65_537, "65,537 bytes (section 5.2)", coarse],
    [131_072, "131,072 bytes (section 5.2)", coarse],
  ];
}

function notMinimal(length: number, lengthBytes: number): Vector {
  return {
    why: `${length} must not stand in ${lengthBytes * 8} bits: the shortest form must be used (section 5.2)`,
    script: [frame(2, pattern(length), { lengthBytes })],
    events: failed(1002, "WS_LENGTH_NOT_MINIMAL"),
  };
}
