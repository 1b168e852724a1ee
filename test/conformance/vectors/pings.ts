import { hex, pattern } from "../../helpers/bytes.ts";
import { answered, echoed, failed, line, ping, pong, text } from "./build.ts";
import type { Section } from "./vector.ts";

const TEN: readonly string[] = Array.from({ length: 10 }, (_, at) => `payload ${at}`);

/** RFC 6455 sections 5.5.2 and 5.5.3. */
export const PINGS: readonly Section[] = [
  {
    id: "2.1",
    title: "A ping is answered by a pong with its payload",
    vectors: [
      ...[0, 1, 7, 64, 124, 125].map((length) => ({
        why: `a ping of ${length} bytes (section 5.5.3)`,
        script: [ping(pattern(length))],
        events: answered(pattern(length)),
      })),
      {
        why: "a ping's payload is bytes, not text (section 5.5.2)",
        script: [ping(hex("00 ff fe fd fc fb 00 ff"))],
        events: ["ping 00fffefdfcfb00ff", "sent pong 00fffefdfcfb00ff"],
      },
      {
        why: "ten pings in a row are answered in order; all of them, as the end that answers is not behind (section 5.5.3)",
        script: TEN.map((payload) => ping(payload)),
        events: TEN.flatMap((payload) => answered(payload)),
        chops: [0, 1, 2, 3, 7, 11],
      },
      {
        why: "pings before, between and after messages (section 5.5.2)",
        script: [ping("1"), text("a"), ping("2"), ping("3"), text("b"), ping("4")],
        events: [
          ...answered("1"),
          ...echoed("text", "a"),
          ...answered("2"),
          ...answered("3"),
          ...echoed("text", "b"),
          ...answered("4"),
        ],
      },
      {
        why: "a ping is answered at once, not with the next message (section 5.5.3)",
        script: [ping("now"), "|", text("later")],
        events: [...answered("now"), "|", ...echoed("text", "later")],
      },
    ],
  },
  {
    id: "2.2",
    title: "A control frame carries at most 125 bytes",
    vectors: [
      ...[126, 127, 65_536].flatMap((length) =>
        [ping, pong].map((control) => ({
          why: `a ${control.name} of ${length} bytes is too long (section 5.5)`,
          script: [control(pattern(length))],
          events: failed(1002, "WS_CONTROL_TOO_LONG"),
          chops: length > 1000 ? [0, 997] : [0, 1],
        })),
      ),
      {
        why: "it is refused from its second byte: there is no need to wait for the rest (section 5.5)",
        script: [hex("89 fe"), "|"],
        events: [...failed(1002, "WS_CONTROL_TOO_LONG"), "|"],
        role: "server",
      },
      {
        why: "the same from a server (section 5.5)",
        script: [hex("89 7e"), "|"],
        events: [...failed(1002, "WS_CONTROL_TOO_LONG"), "|"],
        role: "client",
      },
    ],
  },
  {
    id: "2.3",
    title: "Pongs that nobody asked for",
    vectors: [
      { why: "an empty one is not answered (section 5.5.3)", script: [pong()], events: ["pong"] },
      {
        why: "one with a payload is not answered (section 5.5.3)",
        script: [pong("unsolicited")],
        events: [line("pong", "unsolicited")],
      },
      {
        why: "one of 125 bytes (section 5.5)",
        script: [pong(pattern(125))],
        events: [line("pong", pattern(125))],
      },
      {
        why: "a ping behind one is answered with its own payload (section 5.5.3)",
        script: [pong("unsolicited"), ping("asked")],
        events: [line("pong", "unsolicited"), ...answered("asked")],
      },
      {
        why: "ten pongs that answer nothing, among messages (section 5.5.3)",
        script: [...TEN.map((payload) => pong(payload)), text("Hello")],
        events: [...TEN.map((payload) => line("pong", payload)), ...echoed("text", "Hello")],
      },
    ],
  },
];
