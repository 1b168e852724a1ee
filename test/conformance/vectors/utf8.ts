import { hex, hexOf, joined, utf8 } from "../../helpers/bytes.ts";
import { answered, binary, closed, continuation, echoed, failed, inFrames, ping, text } from "./build.ts";
import { INVALID, type InvalidText, TRUNCATED, VALID } from "./utf8-sequences.ts";
import { MARK, type Section, type Step, type Vector } from "./vector.ts";

const FAILED: readonly string[] = failed(1007, "WS_INVALID_UTF8");
/** Text before and behind that is not ASCII, so that nothing is decided by a fast path. */
const BEFORE: Uint8Array<ArrayBuffer> = utf8("κόσμε");
const BEHIND: Uint8Array<ArrayBuffer> = utf8("édité");
const TEXT = "Hello-µ@ßöäüàá-UTF-8!! κόσμε 中文 😀";

/** RFC 6455 sections 5.6 and 8.1, RFC 3629. */
export const UTF8: readonly Section[] = [
  {
    id: "6.1",
    title: "Empty text",
    vectors: [
      { why: "an empty text is valid (RFC 6455 section 5.6)", script: [text()], events: echoed("text") },
      {
        why: "so it is in three empty fragments (RFC 6455 section 5.4)",
        script: inFrames(1, ["", "", ""]),
        events: echoed("text"),
      },
      {
        why: "and in three fragments of which one is not empty (RFC 6455 section 5.4)",
        script: inFrames(1, ["", "a", ""]),
        events: echoed("text", "a"),
      },
    ],
  },
  {
    id: "6.2",
    title: "Valid text, wherever it is cut",
    vectors: [
      {
        why: "characters of one to four bytes in one frame (RFC 3629 section 3)",
        script: [text(TEXT)],
        events: echoed("text", TEXT),
        chops: [0, 1, 2, 3, 4, 5],
      },
      {
        why: "one byte a fragment: a character may be cut anywhere (RFC 6455 section 5.6)",
        script: inFrames(
          1,
          Array.from(utf8(TEXT), (byte) => Uint8Array.of(byte)),
        ),
        events: echoed("text", TEXT),
      },
      ...cuts(utf8("aé€😀")).map((parts) => ({
        why: `in two fragments, cut behind ${hexOf(parts[0] ?? NOTHING)} (RFC 6455 section 5.6)`,
        script: inFrames(1, parts),
        events: echoed("text", "aé€😀"),
      })),
      {
        why: "a ping between the two halves of a character changes nothing (RFC 6455 section 5.4)",
        script: [text(hex("f0 9f"), { fin: false }), ping(hex("ff")), continuation(hex("98 80"))],
        events: [...answered(hex("ff")), ...echoed("text", "😀")],
      },
      {
        why: "a byte order mark is a character of the text (RFC 3629 section 6)",
        script: [text(hex("ef bb bf 61"))],
        events: echoed("text", "\ufeffa"),
      },
    ],
  },
  {
    id: "6.3",
    title: "Each class of invalid text, in one frame",
    vectors: INVALID.map((sequence) => ({
      why: `${sequence.why}: ${hexOf(sequence.bytes)} (${sequence.rule})`,
      script: [text(joined([BEFORE, sequence.bytes, BEHIND]))],
      events: FAILED,
      chops: [0, 1, 2, 3],
    })),
  },
  {
    id: "6.4",
    title: "Fail fast: at the byte that makes it certain, within the frame",
    vectors: INVALID.map((sequence) => {
      const certain = BEFORE.length + sequence.certain;
      return {
        why: `${hexOf(sequence.bytes)}: nothing can be told before its byte ${sequence.certain}, nothing can mend it after (RFC 6455 section 8.1)`,
        script: [text(joined([BEFORE, sequence.bytes, BEHIND]), { marks: [certain - 1, certain] })],
        events: ["|", ...FAILED, "|"],
      };
    }),
  },
  {
    id: "6.5",
    title: "Fail fast: at the fragment in which it becomes certain",
    vectors: INVALID.flatMap((sequence) => splitAtEach(sequence)),
  },
  {
    id: "6.6",
    title: "Text that ends within a character",
    vectors: TRUNCATED.flatMap((bytes): Vector[] => [
      {
        why: `${hexOf(bytes)} at the end: it fails with the last byte, not before (RFC 6455 section 8.1)`,
        script: [text(joined([BEFORE, bytes]), { marks: [BEFORE.length + bytes.length - 1] }), MARK],
        events: ["|", ...FAILED, "|"],
      },
      {
        why: `${hexOf(bytes)} at the end of a fragment that is not the last may still be completed; by an empty one it is not (RFC 6455 section 8.1)`,
        script: [text(joined([BEFORE, bytes]), { fin: false }), MARK, continuation(), MARK],
        events: ["|", ...FAILED, "|"],
      },
      {
        why: `${hexOf(bytes)} is not completed by the next message (RFC 6455 section 8.1)`,
        script: [text(bytes), text(hex("80 80"))],
        events: FAILED,
      },
      {
        why: `${hexOf(bytes)} followed by ASCII (RFC 3629 section 4)`,
        script: [text(joined([bytes, utf8("abc")]))],
        events: FAILED,
      },
    ]),
  },
  {
    id: "6.7",
    title: "The first and last character of each form, and others that are valid",
    vectors: VALID.map(([scalar, why]) => {
      const character = String.fromCodePoint(scalar);
      return {
        why: `U+${scalar.toString(16).toUpperCase().padStart(4, "0")}, ${why} (RFC 3629 section 4)`,
        script: [
          text(character),
          text(joined([BEFORE, utf8(character), BEHIND])),
          ...inFrames(
            1,
            Array.from(utf8(character), (byte) => Uint8Array.of(byte)),
          ),
        ],
        events: [
          ...echoed("text", character),
          ...echoed("text", `κόσμε${character}édité`),
          ...echoed("text", character),
        ],
        chops: [0, 1, 3],
      };
    }),
  },
  {
    id: "6.8",
    title: "What is not text is not held to it",
    vectors: [
      ...INVALID.slice(0, 6).map(({ bytes }) => ({
        why: `${hexOf(bytes)} in a binary message, a ping and a binary fragment (RFC 6455 sections 5.5.2 and 5.6)`,
        script: [binary(bytes), ping(bytes), ...inFrames(2, [bytes, bytes])],
        events: [...echoed("binary", bytes), ...answered(bytes), ...echoed("binary", joined([bytes, bytes]))],
      })),
      {
        why: "what stands behind the close frame is not read, and so is not judged (RFC 6455 section 5.5.1)",
        script: [{ ...text(), opcode: 8, payload: hex("03 e8") }, text(hex("ff"))],
        events: closed(1000),
      },
    ],
  },
];

/** One vector for each point within the sequence, and for those around it. */
function splitAtEach({ bytes, certain, why }: InvalidText): Vector[] {
  const whole = joined([BEFORE, bytes, BEHIND]);
  return Array.from({ length: bytes.length + 1 }, (_, at): Vector => {
    const point = BEFORE.length + at;
    const known = at >= certain;
    const script: Step[] = [
      text(whole.subarray(0, point), { fin: false }),
      MARK,
      continuation(whole.subarray(point), { fin: false }),
      MARK,
      continuation("end"),
    ];
    return {
      why: `${why}: ${hexOf(bytes)} cut behind ${at}, certain ${known ? "in the first" : "in the second"} fragment (RFC 6455 section 8.1)`,
      script,
      events: known ? [...FAILED, "|", "|"] : ["|", ...FAILED, "|"],
    };
  });
}

/** In two, at each point. */
function cuts(bytes: Uint8Array): Uint8Array[][] {
  return Array.from({ length: bytes.length - 1 }, (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)]);
}

const NOTHING: Uint8Array = new Uint8Array(0);
