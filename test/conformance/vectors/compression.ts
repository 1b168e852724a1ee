import { hex, utf8 } from "../../helpers/bytes.ts";
import {
  answered,
  binary,
  close,
  closed,
  continuation,
  deflated,
  echoed,
  failed,
  line,
  ping,
  pong,
  text,
} from "./build.ts";
import { BOOKS, CONTENTS, type Content } from "./contents.ts";
import type { DeflateAgreement, Section, Vector } from "./vector.ts";

/** What is agreed on where nothing is said. */
export const USUAL: DeflateAgreement = {
  wantedBy: "peer",
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const RSV1 = { reserved: 0x40 } as const;
const HELLO = hex("f2 48 cd c9 c9 07 00");
const RESERVED: readonly string[] = failed(1002, "WS_RESERVED_BITS");
const CORRUPT: readonly string[] = failed(1007, "WS_DEFLATE_CORRUPT");
const INVALID_UTF8: readonly string[] = failed(1007, "WS_INVALID_UTF8");
const MIB = 1 << 20;
const ZEROS: Uint8Array = new Uint8Array(64 * MIB);
/** 64 bytes that come again 200 to 16,000 bytes later, among zeros: within every window, and beyond it. */
const DISTANCES: Uint8Array = (() => {
  const bytes = new Uint8Array(36_000);
  const mark = Uint8Array.from({ length: 64 }, (_, at) => (at * at * 7 + at * 31 + 5) & 0xff);
  for (const at of [0, 200, 450, 900, 1900, 3900, 8000, 16_000, 32_000]) bytes.set(mark, at);
  return bytes;
})();

const NOTHING: Uint8Array = new Uint8Array(0);
export const SIZES: readonly number[] = [16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072];

/** RFC 7692: messages of many kinds and sizes, and what must be refused. */
export const COMPRESSION: readonly Section[] = [
  section("12.1", "The examples of RFC 7692 section 7.2.3", [
    {
      why: "one fixed block (section 7.2.3.1)",
      script: [text(HELLO, RSV1)],
      events: echoed("text", "Hello"),
      chops: [0, 1, 2, 3],
    },
    {
      why: "the same in two fragments, of which only the first has RSV1 (section 7.2.3.1)",
      script: [text(hex("f2 48 cd"), { ...RSV1, fin: false }), continuation(hex("c9 c9 07 00"))],
      events: echoed("text", "Hello"),
      chops: [0, 1, 2, 3],
    },
    {
      why: "a second message that refers to the first (section 7.2.3.2)",
      script: [text(HELLO, RSV1), text(hex("f2 00 11 00 00"), RSV1)],
      events: [...echoed("text", "Hello"), ...echoed("text", "Hello")],
    },
    {
      why: "a stored block (section 7.2.3.3)",
      script: [text(hex("00 05 00 fa ff 48 65 6c 6c 6f 00"), RSV1)],
      events: echoed("text", "Hello"),
    },
    {
      why: "a final block (section 7.2.3.4)",
      script: [text(hex("f3 48 cd c9 c9 07 00 00"), RSV1)],
      events: echoed("text", "Hello"),
    },
    {
      why: "messages go on behind one with a final block (section 7.2.3.4)",
      script: [text(hex("f3 48 cd c9 c9 07 00 00"), RSV1), text(HELLO, RSV1)],
      events: [...echoed("text", "Hello"), ...echoed("text", "Hello")],
    },
    {
      why: "two blocks (section 7.2.3.5)",
      script: [text(hex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), RSV1)],
      events: echoed("text", "Hello"),
      chops: [0, 1, 2, 3],
    },
    {
      why: "an empty message, compressed to one byte (section 7.2.3.6)",
      script: [text(hex("00"), RSV1)],
      events: echoed("text"),
    },
    {
      why: "an empty message in empty fragments and one byte (sections 7.2.2 and 7.2.3.6)",
      script: [text("", { ...RSV1, fin: false }), continuation("", { fin: false }), continuation(hex("00"))],
      events: echoed("text"),
    },
  ]),
  section("12.2", "Which messages are compressed", [
    {
      why: "none need be, though compression was agreed on (section 6)",
      script: [text("Hello"), binary("Hello"), text("Hel", { fin: false }), continuation("lo")],
      events: [...echoed("text", "Hello"), ...echoed("binary", "Hello"), ...echoed("text", "Hello")],
    },
    {
      why: "one between two that are: it is no part of the window (sections 6 and 7.2)",
      script: [text(HELLO, RSV1), text("other"), text(hex("f2 00 11 00 00"), RSV1)],
      events: [...echoed("text", "Hello"), ...echoed("text", "other"), ...echoed("text", "Hello")],
    },
    {
      why: "text and binary share the window (section 7.2)",
      script: [binary(HELLO, RSV1), text(hex("f2 00 11 00 00"), RSV1)],
      events: [...echoed("binary", "Hello"), ...echoed("text", "Hello")],
    },
    {
      why: "control frames between fragments are not compressed (section 6)",
      script: [text(hex("f2 48 cd"), { ...RSV1, fin: false }), ping("p"), pong("q"), continuation(hex("c9 c9 07 00"))],
      events: [...answered("p"), line("pong", "q"), ...echoed("text", "Hello")],
      chops: [0, 1, 2, 3],
    },
    {
      why: "a close frame between fragments (section 5.5.1 of RFC 6455)",
      script: [text(hex("f2 48 cd"), { ...RSV1, fin: false }), close(1000)],
      events: closed(1000),
    },
  ]),
  section("12.3", "Reserved bits once compression was agreed on", [
    ...[ping("p"), pong("p"), close(1000)].map((control) => ({
      why: `RSV1 on a control frame of opcode ${control.opcode} (section 6)`,
      script: [{ ...control, ...RSV1 }],
      events: RESERVED,
    })),
    {
      why: "RSV1 on a fragment that is not the first, of a compressed message (section 6.1)",
      script: [text(hex("f2 48 cd"), { ...RSV1, fin: false }), continuation(hex("c9 c9 07 00"), RSV1)],
      events: RESERVED,
    },
    {
      why: "RSV1 on a fragment that is not the first, of a plain message (section 6.1)",
      script: [text("Hel", { fin: false }), continuation("lo", RSV1)],
      events: RESERVED,
    },
    ...[0x20, 0x10, 0x60, 0x50, 0x30, 0x70].map((reserved) => ({
      why: `reserved bits ${(reserved >> 4).toString(2).padStart(3, "0")}: RSV2 and RSV3 have no meaning (RFC 6455 section 5.2)`,
      script: [text(HELLO, { reserved })],
      events: RESERVED,
    })),
  ]),
  section("12.4", "What does not inflate", [
    {
      why: "a block of the reserved type (RFC 1951 section 3.2.3)",
      script: [binary(hex("06 00"), RSV1)],
      events: CORRUPT,
    },
    {
      why: "a stored block whose length and complement disagree (RFC 1951 section 3.2.4)",
      script: [binary(hex("00 05 00 00 00 48 65 6c 6c 6f 00"), RSV1)],
      events: CORRUPT,
    },
    {
      why: "a reference to before the first message (RFC 1951 section 2)",
      script: [text(hex("f2 00 11 00 00"), RSV1)],
      events: CORRUPT,
    },
    {
      why: "what is no DEFLATE at all, behind a message that is (section 7.2.2)",
      script: [text(HELLO, RSV1), text(hex("ff ff ff ff ff ff"), RSV1)],
      events: [...echoed("text", "Hello"), ...CORRUPT],
    },
    {
      why: "it is refused in the fragment in which it stands (section 7.2.2)",
      script: [binary(hex("06 00"), { ...RSV1, fin: false }), "|", continuation(hex("00"))],
      events: [...CORRUPT, "|"],
    },
  ]),
  section("12.5", "Compressed text is UTF-8 once inflated", [
    {
      why: "characters of one to four bytes (RFC 6455 section 5.6)",
      script: [deflated("text", "aé€😀".repeat(20))],
      events: echoed("text", "aé€😀".repeat(20)),
    },
    {
      why: "cut by fragments of one byte (RFC 6455 section 5.6)",
      script: [deflated("text", "aé€😀".repeat(20), 1)],
      events: echoed("text", "aé€😀".repeat(20)),
    },
    ...["c0 af", "ed a0 80", "f4 90 80 80", "ff", "80"].map((bytes) => ({
      why: `${bytes} inside (RFC 6455 section 8.1)`,
      script: [deflated("text", new Uint8Array([...utf8("κόσμε"), ...hex(bytes), ...utf8("édité")]))],
      events: INVALID_UTF8,
    })),
    {
      why: "an end within a character (RFC 6455 section 8.1)",
      script: [deflated("text", hex("61 e2 82"))],
      events: INVALID_UTF8,
    },
    {
      why: "fail fast: at the fragment whose bytes inflate to what is invalid (RFC 6455 section 8.1)",
      script: [
        text(hex("00 0a 00 f5 ff 61 62"), { ...RSV1, fin: false }),
        "|",
        continuation(hex("ff"), { fin: false }),
        "|",
        continuation(hex("61 61 61 61 61 61 61 00")),
      ],
      events: ["|", ...INVALID_UTF8, "|"],
    },
    {
      why: "fail fast: at the byte, within the frame (RFC 6455 section 8.1)",
      script: [text(hex("00 0a 00 f5 ff 61 62 c0 61 61 61 61 61 61 61 00"), { ...RSV1, marks: [7, 8] })],
      events: ["|", ...INVALID_UTF8, "|"],
    },
    {
      why: "binary is not held to it (RFC 6455 section 5.6)",
      script: [deflated("binary", hex("c0 af ff"))],
      events: echoed("binary", hex("c0 af ff")),
    },
  ]),
  section("12.6", "Limits hold for what comes out", [
    {
      why: "a message that inflates to 16 MiB is taken (RFC 6455 section 10.4)",
      script: [deflated("binary", ZEROS.subarray(0, 16 * MIB))],
      events: echoed("binary", ZEROS.subarray(0, 16 * MIB)),
      chops: [0],
    },
    {
      why: "one that inflates to a byte more is refused, while it inflates (RFC 6455 section 10.4)",
      script: [deflated("binary", ZEROS.subarray(0, 16 * MIB + 1))],
      events: failed(1009, "WS_MESSAGE_TOO_LARGE"),
      chops: [0],
    },
    {
      why: "one that inflates to 64 MiB is refused before it is whole (RFC 6455 section 10.4)",
      script: [deflated("binary", ZEROS, 30_000)],
      events: failed(1009, "WS_MESSAGE_TOO_LARGE"),
      chops: [0],
    },
  ]),
  ...CONTENTS.map((content, at) => section(`12.${at + 7}`, `${content.title}, of every size`, sizesOf(content))),
];

/** RFC 7692 section 7.1: the parameters. */
export const COMPRESSION_PARAMETERS: readonly Section[] = [
  combinations("13.1", "The peer wants windows, and no more", false, false),
  combinations("13.2", "The server forgets each message", true, false),
  combinations("13.3", "The client forgets each message", false, true),
  combinations("13.4", "Both forget each message", true, true),
  {
    id: "13.5",
    title: "The program wants it so",
    vectors: [false, true].flatMap((serverNoContextTakeover) =>
      [false, true].flatMap((clientNoContextTakeover) =>
        [8, 9, 12, 15].flatMap((serverMaxWindowBits) =>
          [8, 9, 12, 15].map((clientMaxWindowBits) =>
            conversation({
              wantedBy: "program",
              serverNoContextTakeover,
              clientNoContextTakeover,
              serverMaxWindowBits,
              clientMaxWindowBits,
            }),
          ),
        ),
      ),
    ),
  },
  {
    id: "13.6",
    title: "What was to be forgotten is forgotten",
    vectors: (["client", "server"] as const).map((role) => ({
      why: `a message that refers to the one before, though the ${role === "client" ? "server" : "client"} forgets each (section 7.1.1)`,
      script: [text(HELLO, RSV1), text(hex("f2 00 11 00 00"), RSV1)],
      events: [...echoed("text", "Hello"), ...CORRUPT],
      role,
      deflate: {
        ...USUAL,
        serverNoContextTakeover: role === "client",
        clientNoContextTakeover: role === "server",
      },
    })),
  },
];

function combinations(
  id: string,
  title: string,
  serverNoContextTakeover: boolean,
  clientNoContextTakeover: boolean,
): Section {
  const bits = [8, 9, 10, 11, 12, 13, 14, 15];
  return {
    id,
    title,
    vectors: bits.flatMap((serverMaxWindowBits) =>
      bits.map((clientMaxWindowBits) =>
        conversation({
          wantedBy: "peer",
          serverNoContextTakeover,
          clientNoContextTakeover,
          serverMaxWindowBits,
          clientMaxWindowBits,
        }),
      ),
    ),
  };
}

/** Messages that repeat themselves and each other at every distance, plain ones, empty ones, fragments. */
function conversation(deflate: DeflateAgreement): Vector {
  const [first = NOTHING, second = NOTHING] = BOOKS;
  const server = `server ${deflate.serverMaxWindowBits}${deflate.serverNoContextTakeover ? ", forgets" : ""}`;
  const client = `client ${deflate.clientMaxWindowBits}${deflate.clientNoContextTakeover ? ", forgets" : ""}`;
  return {
    why: `window bits: ${server}; ${client} (sections 7.1.1 and 7.1.2)`,
    script: [
      deflated("text", first),
      deflated("text", second),
      deflated("text", ""),
      text("plain"),
      deflated("binary", DISTANCES),
      deflated("binary", DISTANCES, 200),
      ping("p"),
      deflated("text", first, 0, 0),
      deflated("text", first, 7),
    ],
    events: [
      ...echoed("text", first),
      ...echoed("text", second),
      ...echoed("text"),
      ...echoed("text", "plain"),
      ...echoed("binary", DISTANCES),
      ...echoed("binary", DISTANCES),
      ...answered("p"),
      ...echoed("text", first),
      ...echoed("text", first),
    ],
    chops: [0],
    deflate,
  };
}

function sizesOf(content: Content): Vector[] {
  const { kind, make } = content;
  const fragments = [1, 256, 1024, 4096, 32_768];
  return [
    ...SIZES.map((size) => messagesOf(content, size, size > 10_000 ? 3 : 8)),
    ...fragments.map((size) => {
      const message = make(size === 1 ? 1024 : 131_072, 1);
      return {
        why: `${message.length} bytes, sent in fragments of ${size} bytes at most (section 6.1)`,
        script: [deflated(kind, message, size), deflated(kind, message, size)],
        events: [...echoed(kind, message), ...echoed(kind, message)],
        chops: [0, 997],
      };
    }),
  ];
}

/** So many messages of one size, under what is usually agreed on. */
export function messagesOf({ kind, make }: Content, size: number, count: number): Vector {
  const messages = Array.from({ length: count }, (_, at) => make(size, at));
  return {
    why: `${count} messages of ${size} bytes (section 7.2)`,
    script: messages.map((message) => deflated(kind, message)),
    events: messages.flatMap((message) => echoed(kind, message)),
    chops: size > 10_000 ? [0] : [0, 997],
    deflate: USUAL,
  };
}

function section(id: string, title: string, vectors: readonly Vector[]): Section {
  return { id, title, vectors: vectors.map((vector) => ({ deflate: USUAL, ...vector })) };
}
