import { joined, pattern } from "../../helpers/bytes.ts";
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
  line,
  ping,
  pong,
  text,
} from "./build.ts";
import type { Section, Vector } from "./vector.ts";

const FINE: readonly number[] = [0, 1, 2, 3, 5, 7];
const UNEXPECTED: readonly string[] = failed(1002, "WS_CONTINUATION_UNEXPECTED");
const EXPECTED: readonly string[] = failed(1002, "WS_CONTINUATION_EXPECTED");

/** RFC 6455 section 5.4. */
export const FRAGMENTATION: readonly Section[] = [
  {
    id: "5.1",
    title: "Control frames are never fragmented",
    vectors: [
      {
        why: "a ping in two fragments (sections 5.4 and 5.5)",
        script: [ping("frag", { fin: false }), continuation("ment")],
        events: failed(1002, "WS_CONTROL_FRAGMENTED"),
      },
      {
        why: "a pong in two fragments (sections 5.4 and 5.5)",
        script: [pong("frag", { fin: false }), continuation("ment")],
        events: failed(1002, "WS_CONTROL_FRAGMENTED"),
      },
      {
        why: "a close frame without FIN (sections 5.4 and 5.5)",
        script: [close(1000, "", { fin: false }), continuation("bye")],
        events: failed(1002, "WS_CONTROL_FRAGMENTED"),
      },
      {
        why: "a ping without FIN between the fragments of a message (section 5.4)",
        script: [text("Hel", { fin: false }), ping("p", { fin: false }), continuation("lo")],
        events: failed(1002, "WS_CONTROL_FRAGMENTED"),
      },
    ],
  },
  {
    id: "5.2",
    title: "A message in fragments is one message",
    vectors: [
      ...[
        ["text in two", ["Hel", "lo"]],
        ["text in five of one character", ["H", "e", "l", "l", "o"]],
        ["an empty first fragment", ["", "Hello"]],
        ["an empty last fragment", ["Hello", ""]],
        ["empty fragments around and between", ["", "Hel", "", "", "lo", ""]],
        ["nothing but empty fragments", ["", "", ""]],
      ].flatMap(([what, parts]): Vector[] => [
        {
          why: `${what as string} (section 5.4)`,
          script: inFrames(1, parts as string[]),
          events: echoed("text", (parts as string[]).join("")),
          chops: FINE,
        },
        {
          why: `the same as binary: ${what as string} (section 5.4)`,
          script: inFrames(2, parts as string[]),
          events: echoed("binary", (parts as string[]).join("")),
          chops: FINE,
        },
      ]),
      ...[1, 125, 126, 1000, 65_535, 65_536].map((size) => ({
        why: `three fragments of ${size} bytes: each has a length of its own (sections 5.2 and 5.4)`,
        script: inFrames(2, [pattern(size), pattern(size), pattern(size)]),
        events: echoed("binary", joined([pattern(size), pattern(size), pattern(size)])),
        chops: size > 2000 ? [0, 997] : [0, 1, 997],
      })),
      {
        why: "300 fragments of one byte (section 5.4)",
        script: inFrames(1, letters(300).split("")),
        events: echoed("text", letters(300)),
      },
      {
        why: "a message is complete with its last fragment, not before (section 5.4)",
        script: [text("Hel", { fin: false }), "|", continuation("lo", { marks: [1] })],
        events: ["|", "|", ...echoed("text", "Hello")],
      },
      {
        why: "fragmented and whole messages in a row do not mix (section 5.4)",
        script: [
          ...inFrames(1, ["one", "two"]),
          binary("three"),
          ...inFrames(2, ["four", "five"]),
          ...inFrames(1, ["six", ""]),
          text("seven"),
        ],
        events: [
          ...echoed("text", "onetwo"),
          ...echoed("binary", "three"),
          ...echoed("binary", "fourfive"),
          ...echoed("text", "six"),
          ...echoed("text", "seven"),
        ],
        chops: FINE,
      },
    ],
  },
  {
    id: "5.3",
    title: "Control frames between fragments are taken at once",
    vectors: [
      {
        why: "a ping between two fragments (section 5.4)",
        script: [text("Hel", { fin: false }), ping("between"), continuation("lo")],
        events: [...answered("between"), ...echoed("text", "Hello")],
        chops: FINE,
      },
      {
        why: "it is answered before the message is complete (sections 5.4 and 5.5.3)",
        script: [text("Hel", { fin: false }), ping("between"), "|", continuation("lo")],
        events: [...answered("between"), "|", ...echoed("text", "Hello")],
      },
      {
        why: "pings between all of the fragments (section 5.4)",
        script: [
          text("fragment 1", { fin: false }),
          continuation("fragment 2", { fin: false }),
          ping("ping 1"),
          continuation("fragment 3", { fin: false }),
          continuation("fragment 4", { fin: false }),
          ping("ping 2"),
          continuation("fragment 5"),
        ],
        events: [
          ...answered("ping 1"),
          ...answered("ping 2"),
          ...echoed("text", "fragment 1fragment 2fragment 3fragment 4fragment 5"),
        ],
        chops: FINE,
      },
      {
        why: "a pong between two fragments is no part of the message (section 5.4)",
        script: [binary("Hel", { fin: false }), pong("between"), continuation("lo")],
        events: [line("pong", "between"), ...echoed("binary", "Hello")],
        chops: FINE,
      },
      {
        why: "a pong before a message in fragments (section 5.5.3)",
        script: [pong("before"), ...inFrames(1, ["Hel", "lo"])],
        events: [line("pong", "before"), ...echoed("text", "Hello")],
      },
      {
        why: "a ping of 125 bytes within a character that the fragments cut (sections 5.4 and 5.6)",
        script: [
          text(Uint8Array.of(0xe2, 0x82), { fin: false }),
          ping(pattern(125)),
          continuation(Uint8Array.of(0xac)),
        ],
        events: [...answered(pattern(125)), ...echoed("text", "€")],
      },
      {
        why: "a close frame between fragments ends the connection, and the message is lost (sections 5.4 and 5.5.1)",
        script: [text("Hel", { fin: false }), close(1000, "within"), continuation("lo")],
        events: closed(1000, "within"),
      },
    ],
  },
  {
    id: "5.4",
    title: "A continuation with nothing to continue",
    vectors: [
      { why: "as the first frame, with FIN (section 5.4)", script: [continuation("a")], events: UNEXPECTED },
      {
        why: "as the first frame, without FIN (section 5.4)",
        script: [continuation("a", { fin: false })],
        events: UNEXPECTED,
      },
      { why: "an empty one (section 5.4)", script: [continuation()], events: UNEXPECTED },
      {
        why: "behind a whole message (section 5.4)",
        script: [text("Hello"), continuation("a")],
        events: [...echoed("text", "Hello"), ...UNEXPECTED],
      },
      {
        why: "behind a fragmented message that is complete (section 5.4)",
        script: [...inFrames(1, ["Hel", "lo"]), continuation("a", { fin: false }), text("never read")],
        events: [...echoed("text", "Hello"), ...UNEXPECTED],
        chops: FINE,
      },
      {
        why: "behind a ping, which begins no message (section 5.4)",
        script: [ping("p"), continuation("a")],
        events: [...answered("p"), ...UNEXPECTED],
      },
      {
        why: "twice, with a ping between: the first ends it all (section 5.4)",
        script: [continuation("a", { fin: false }), ping("p"), continuation("b")],
        events: UNEXPECTED,
      },
      {
        why: "it is refused from its header (section 5.4)",
        script: [continuation("a", { marks: [0] })],
        events: [...UNEXPECTED, "|"],
      },
    ],
  },
  {
    id: "5.5",
    title: "A new message within one that is not complete",
    vectors: [
      ...[text, binary].flatMap((first) =>
        [text, binary].flatMap((second) =>
          [true, false].map((fin) => ({
            why: `a ${second.name} frame ${fin ? "with" : "without"} FIN within a ${first.name} message (section 5.4)`,
            script: [first("Hel", { fin: false }), second("new", { fin }), continuation("lo")],
            events: EXPECTED,
          })),
        ),
      ),
      {
        why: "a ping between does not end the message either (section 5.4)",
        script: [text("Hel", { fin: false }), ping("p"), text("new")],
        events: [...answered("p"), ...EXPECTED],
      },
      {
        why: "an empty first fragment begins a message (section 5.4)",
        script: [text("", { fin: false }), text("")],
        events: EXPECTED,
      },
      {
        why: "it is refused from its header (section 5.4)",
        script: [text("Hel", { fin: false }), text("new", { marks: [0] })],
        events: [...EXPECTED, "|"],
      },
    ],
  },
];
