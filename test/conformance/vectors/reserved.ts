import { pattern } from "../../helpers/bytes.ts";
import { answered, binary, close, continuation, echoed, failed, frame, letters, ping, pong, text } from "./build.ts";
import type { Frame, Section, Vector } from "./vector.ts";

const EVERY: readonly number[] = [1, 2, 3, 4, 5, 6, 7].map((bits) => bits << 4);
const SINGLE: readonly number[] = [0x40, 0x20, 0x10];
const FAILED: readonly string[] = failed(1002, "WS_RESERVED_BITS");

/** RFC 6455 section 5.2: RSV1 to RSV3 must be 0 unless an extension was negotiated that gives them a meaning. */
export const RESERVED_BITS: readonly Section[] = [
  {
    id: "3.1",
    title: "On a frame that comes first",
    vectors: [
      ["a short text", text("Hello")],
      ["an empty text", text()],
      ["a binary message of 200 bytes", binary(pattern(200))],
      ["a ping", ping("p")],
      ["a pong", pong("p")],
      ["a close frame", close(1000, "bye")],
      ["a first fragment", text("Hel", { fin: false })],
    ].flatMap(([what, plain]) =>
      EVERY.map((reserved) => ({
        why: `${named(reserved)} on ${what as string} (section 5.2)`,
        script: [{ ...(plain as Frame), reserved }],
        events: FAILED,
      })),
    ),
  },
  {
    id: "3.2",
    title: "After messages, which arrive all the same",
    vectors: EVERY.flatMap((reserved): Vector[] => [
      {
        why: `${named(reserved)} on a text between messages, of which the one behind is not read (section 5.2)`,
        script: [text("first"), text("second", { reserved }), text("third"), ping()],
        events: [...echoed("text", "first"), ...FAILED],
        chops: [0, 1, 2, 3, 5],
      },
      {
        why: `${named(reserved)} on a ping behind one that is answered (section 5.2)`,
        script: [ping("1"), ping("2", { reserved })],
        events: [...answered("1"), ...FAILED],
      },
    ]),
  },
  {
    id: "3.3",
    title: "Within a message in fragments",
    vectors: SINGLE.flatMap((reserved): Vector[] => [
      {
        why: `${named(reserved)} on a continuation (section 5.2)`,
        script: [text("Hel", { fin: false }), continuation("l", { fin: false, reserved }), continuation("o")],
        events: FAILED,
      },
      {
        why: `${named(reserved)} on the last fragment (section 5.2)`,
        script: [binary("Hel", { fin: false }), continuation("lo", { reserved })],
        events: FAILED,
      },
      {
        why: `${named(reserved)} on a ping between fragments (section 5.2)`,
        script: [text("Hel", { fin: false }), ping("p", { reserved }), continuation("lo")],
        events: FAILED,
      },
    ]),
  },
  {
    id: "3.4",
    title: "Known from the first two bytes",
    vectors: EVERY.map((reserved) => ({
      why: `${named(reserved)} is refused before a byte of the payload came (section 5.2)`,
      script: [frame(1, letters(100), { reserved, marks: [0] })],
      events: [...FAILED, "|"],
    })),
  },
];

function named(reserved: number): string {
  const bits = SINGLE.flatMap((bit, at) => ((reserved & bit) === 0 ? [] : [`RSV${at + 1}`]));
  return bits.join(" and ");
}
