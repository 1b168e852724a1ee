import { hexOf, pattern } from "../../helpers/bytes.ts";
import {
  answered,
  binary,
  close,
  closed,
  continuation,
  echoed,
  failed,
  inFrames,
  letters,
  ping,
  pong,
  text,
} from "./build.ts";
import { INVALID, TRUNCATED, VALID } from "./utf8-sequences.ts";
import type { Section, Vector } from "./vector.ts";

const BAD_CODE: readonly string[] = failed(1002, "WS_CLOSE_CODE");
const LONG: Uint8Array = new TextEncoder().encode(letters(262_144));

/** RFC 6455 sections 5.5.1 and 7. */
export const CLOSING: readonly Section[] = [
  {
    id: "7.1",
    title: "What stands around a close frame",
    vectors: [
      {
        why: "a message before it arrives and is answered (section 5.5.1)",
        script: [text("Hello"), close(1000)],
        events: [...echoed("text", "Hello"), ...closed(1000)],
        chops: [0, 1, 2, 3, 5],
      },
      {
        why: "of two close frames the second is not read (section 5.5.1)",
        script: [close(1000, "first"), close(1001, "second")],
        events: closed(1000, "first"),
      },
      {
        why: "a ping behind it is not answered (sections 1.4 and 5.5.2)",
        script: [close(1000), ping("late")],
        events: closed(1000),
      },
      { why: "a pong behind it (section 1.4)", script: [close(1000), pong("late")], events: closed(1000) },
      {
        why: "a message behind it is not received (section 1.4)",
        script: [close(1000), text("late"), binary("late")],
        events: closed(1000),
      },
      {
        why: "a reserved opcode behind it is not even judged (section 1.4)",
        script: [close(1000), { ...text("late"), opcode: 5 }],
        events: closed(1000),
      },
      {
        why: "bytes behind it that are no frame (section 1.4)",
        script: [close(1000), new Uint8Array(200).fill(0xff)],
        events: closed(1000),
        chops: [0, 1, 3, 50],
      },
      {
        why: "it is answered at once, whatever follows (section 5.5.1)",
        script: [close(1000, "bye"), "|", text("late")],
        events: [...closed(1000, "bye"), "|"],
      },
      {
        why: "within a message in fragments: the message is lost, the rest is not read (section 5.4)",
        script: [text("Hel", { fin: false }), close(1000), continuation("lo")],
        events: closed(1000),
      },
      {
        why: "behind 256 KiB of text, with a ping after it (section 5.5.1)",
        script: [text(LONG), close(1000), ping("late")],
        events: [...echoed("text", LONG), ...closed(1000)],
        chops: [0, 997],
      },
      {
        why: "behind messages in fragments and pings, which are all answered first (section 5.5.1)",
        script: [...inFrames(1, ["Hel", "lo"]), ping("p"), binary(pattern(3)), close(1001)],
        events: [...echoed("text", "Hello"), ...answered("p"), ...echoed("binary", pattern(3)), ...closed(1001)],
        chops: [0, 1, 2, 3, 5],
      },
    ],
  },
  {
    id: "7.2",
    title: "It is a control frame",
    vectors: [
      {
        why: "without FIN (section 5.5)",
        script: [close(1000, "", { fin: false })],
        events: failed(1002, "WS_CONTROL_FRAGMENTED"),
      },
      {
        why: "without FIN, empty (section 5.5)",
        script: [close(undefined, "", { fin: false })],
        events: failed(1002, "WS_CONTROL_FRAGMENTED"),
      },
    ],
  },
  {
    id: "7.3",
    title: "Every length of its payload",
    vectors: [
      { why: "an empty one: no code, so 1005 here (section 7.1.5)", script: [close()], events: closed(1005) },
      {
        why: "one byte is half a code (section 5.5.1)",
        script: [close(undefined, "a")],
        events: failed(1002, "WS_CLOSE_PAYLOAD"),
      },
      {
        why: "one byte that could begin a code (section 5.5.1)",
        script: [close(undefined, Uint8Array.of(3))],
        events: failed(1002, "WS_CLOSE_PAYLOAD"),
      },
      ...[0, 1, 2, 3, 64, 122, 123].map((length) => ({
        why: `a code and a reason of ${length} bytes (section 5.5.1)`,
        script: [close(1000, letters(length))],
        events: closed(1000, letters(length)),
      })),
      ...[124, 125, 300].map((length) => ({
        why: `a reason of ${length} bytes is too long for a control frame (section 5.5)`,
        script: [close(1000, letters(length))],
        events: failed(1002, "WS_CONTROL_TOO_LONG"),
      })),
    ],
  },
  {
    id: "7.5",
    title: "The reason is UTF-8",
    vectors: [
      {
        why: "characters of one to four bytes (section 5.5.1)",
        script: [close(1000, "aé€😀")],
        events: closed(1000, "aé€😀"),
      },
      ...VALID.map(([scalar, why]) => ({
        why: `U+${scalar.toString(16).toUpperCase().padStart(4, "0")}, ${why} (RFC 3629 section 4)`,
        script: [close(1000, String.fromCodePoint(scalar))],
        events: closed(1000, String.fromCodePoint(scalar)),
      })),
      ...INVALID.map(({ bytes, why }) => ({
        why: `${why}: ${hexOf(bytes)} (section 8.1)`,
        script: [close(1000, bytes)],
        events: failed(1007, "WS_INVALID_UTF8"),
      })),
      ...TRUNCATED.map((bytes) => ({
        why: `${hexOf(bytes)}, which ends within a character (section 8.1)`,
        script: [close(1000, bytes)],
        events: failed(1007, "WS_INVALID_UTF8"),
      })),
    ],
  },
  {
    id: "7.7",
    title: "Codes that may stand in it come back",
    vectors: [
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3500, 3999, 4000, 4001, 4500,
      4998, 4999,
    ].flatMap((code): Vector[] => [
      { why: `${code} (${meaningOf(code)})`, script: [close(code)], events: closed(code) },
      {
        why: `${code} with a reason (${meaningOf(code)})`,
        script: [close(code, "reason")],
        events: closed(code, "reason"),
      },
    ]),
  },
  {
    id: "7.9",
    title: "Codes that must not stand in it",
    vectors: [
      ...[0, 1, 2, 255, 256, 500, 999].map((code) => refused(code, "codes under 1000 are not used (section 7.4.2)")),
      refused(1004, "1004 is reserved (section 7.4.1)"),
      refused(1005, "1005 says that there was no code: never in a frame (section 7.4.1)"),
      refused(1006, "1006 says that there was no close frame: never in a frame (section 7.4.1)"),
      refused(1015, "1015 says that TLS failed: never in a frame (section 7.4.1)"),
      ...[1016, 1017, 1024, 1099, 1100, 1999, 2000, 2047, 2048, 2998, 2999].map((code) =>
        refused(code, "1016 to 2999 are for the protocol's own future (section 7.4.2)"),
      ),
    ],
  },
  {
    id: "7.13",
    title: "Codes that no specification gives a meaning",
    vectors: [5000, 5001, 9999, 32_767, 32_768, 65_534, 65_535].flatMap((code) => [
      refused(code, "codes over 4999 are outside all ranges (section 7.4.2)"),
      { why: `${code} with a reason (section 7.4.2)`, script: [close(code, "reason")], events: BAD_CODE },
    ]),
  },
];

function refused(code: number, why: string): Vector {
  return { why: `${code}: ${why}`, script: [close(code)], events: BAD_CODE };
}

function meaningOf(code: number): string {
  if (code >= 4000) return "section 7.4.2: for private use";
  if (code >= 3000) return "section 7.4.2: for libraries and frameworks";
  return code >= 1012 ? "registered with IANA, section 11.7" : "section 7.4.1";
}
