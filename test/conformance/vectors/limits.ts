import { binary, continuation, echoed, failed, inFrames, line, type Payload, pieces, text } from "./build.ts";
import type { Section, Vector } from "./vector.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const WHOLE: readonly number[] = [0];
export const FRAGMENTS: readonly number[] = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
export const CHOPS: readonly number[] = [64, 128, 256, 512, KIB, 2 * KIB, 4 * KIB, 64 * KIB];
const CONTENTS = new Map<string, Uint8Array>();
const SENTENCE: Uint8Array = new TextEncoder().encode(
  "Voix ambiguë d’un cœur qui préfère les jattes de kiwis 😀 0123456789; ",
);

/** Sizes and limits: RFC 6455 sections 5.2, 5.4 and 10.4. The program takes messages up to 16 MiB. */
export const LIMITS: readonly Section[] = [
  { id: "9.1", title: "Text in one frame", vectors: sizes("text") },
  { id: "9.2", title: "Binary in one frame", vectors: sizes("binary") },
  { id: "9.3", title: "Large text in fragments", vectors: fragmented("text") },
  { id: "9.4", title: "Large binary in fragments", vectors: fragmented("binary") },
  { id: "9.5", title: "1 MiB of text that arrives in pieces", vectors: chopped("text") },
  { id: "9.6", title: "1 MiB of binary that arrives in pieces", vectors: chopped("binary") },
  { id: "9.7", title: "1,000 texts of a size", vectors: many("text") },
  { id: "9.8", title: "1,000 binary messages of a size", vectors: many("binary") },
  {
    id: "9.9",
    title: "One byte over the limit",
    vectors: [
      {
        why: "a frame over it is refused from its header, before the payload comes (sections 7.4.1 and 10.4)",
        script: [binary("", { announced: BigInt(16 * MIB + 1), lengthBytes: 8 }), "|"],
        events: [...failed(1009, "WS_FRAME_TOO_LARGE"), "|"],
      },
      {
        why: "so is the fragment that takes the message over it (sections 7.4.1 and 10.4)",
        script: [
          ...pieces(bytesOf(16 * MIB), 4 * MIB).map((piece, at) =>
            at === 0 ? binary(piece, { fin: false }) : continuation(piece, { fin: false }),
          ),
          "|",
          continuation("", { announced: 1n, lengthBytes: 0 }),
          "|",
        ],
        events: ["|", ...failed(1009, "WS_MESSAGE_TOO_LARGE"), "|"],
        chops: WHOLE,
      },
      {
        why: "16 MiB in fragments is not over it: they are counted as they come (section 10.4)",
        script: inFrames(2, [...pieces(bytesOf(16 * MIB), 8 * MIB), ""]),
        events: echoed("binary", bytesOf(16 * MIB)),
        chops: WHOLE,
      },
    ],
  },
];

type Kind = "text" | "binary";

function sizes(kind: Kind): Vector[] {
  return [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB].map((size) => ({
    why: `${named(size)} (section 5.2)`,
    script: [message(kind, contentOf(kind, size))],
    events: echoed(kind, contentOf(kind, size)),
    chops: WHOLE,
  }));
}

function fragmented(kind: Kind): Vector[] {
  return FRAGMENTS.map((size) => inFragments(kind, size < 64 * KIB ? MIB : 4 * MIB, size));
}

/** A message of `whole` bytes in fragments of `size`. */
export function inFragments(kind: Kind, whole: number, size: number): Vector {
  return {
    why: `${named(whole)} in pieces of ${named(size)}, which may cut characters (sections 5.4 and 5.6)`,
    script: inFrames(kind === "text" ? 1 : 2, pieces(contentOf(kind, whole), size)),
    events: echoed(kind, contentOf(kind, whole)),
    chops: WHOLE,
  };
}

function chopped(kind: Kind): Vector[] {
  return CHOPS.map((size) => inPieces(kind, MIB, size));
}

/** A message of `whole` bytes in one frame that arrives in pieces of `size`. */
export function inPieces(kind: Kind, whole: number, size: number): Vector {
  return {
    why: `${named(size)} at a time (section 5.2)`,
    script: [message(kind, contentOf(kind, whole))],
    events: echoed(kind, contentOf(kind, whole)),
    chops: [size],
  };
}

function many(kind: Kind): Vector[] {
  return [0, 16, 64, 256, KIB, 4 * KIB].map((size) => {
    const content = contentOf(kind, size);
    const said = line(kind, content);
    return {
      why: `${named(size)} each (section 5.2)`,
      script: Array.from({ length: 1000 }, () => message(kind, content)),
      events: Array.from({ length: 1000 }, () => [said, `sent ${said}`]).flat(),
      chops: WHOLE,
    };
  });
}

function message(kind: Kind, payload: Payload): ReturnType<typeof text> {
  return kind === "text" ? text(payload) : binary(payload);
}

/** Made once for each size. */
function contentOf(kind: Kind, size: number): Uint8Array {
  return kind === "text" ? textOf(size) : bytesOf(size);
}

/** `size` bytes in which no stretch equals another of the same alignment soon. */
function bytesOf(size: number): Uint8Array {
  return memo(`bytes ${size}`, () => {
    const words = new Uint32Array((size + 3) >> 2);
    for (let at = 0; at < words.length; at++) words[at] = Math.imul(at + 1, 0x9e3779b1);
    return new Uint8Array(words.buffer, 0, size);
  });
}

/** `size` bytes of text with characters of one to four bytes. */
function textOf(size: number): Uint8Array {
  return memo(`text ${size}`, () => {
    const text = new Uint8Array(size).fill(0x2e);
    const { length } = SENTENCE;
    for (let at = 0; at + length <= size; at += length) text.set(SENTENCE, at);
    return text;
  });
}

function memo(key: string, make: () => Uint8Array): Uint8Array {
  const known = CONTENTS.get(key) ?? make();
  CONTENTS.set(key, known);
  return known;
}

function named(size: number): string {
  if (size >= MIB) return `${size / MIB} MiB`;
  return size >= KIB ? `${size / KIB} KiB` : `${size} bytes`;
}
