/** The names in `docs/coming-from.md` and the tables of the README: ours stand in the API report, and of the Rust crates none is left out. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { rowsBelow } from "./helpers/markdown.ts";

const root = join(import.meta.dir, "..");
const readme = await Bun.file(join(root, "README.md")).text();
const page = await Bun.file(join(root, "docs/coming-from.md")).text();
const errors = await Bun.file(join(root, "docs/errors.md")).text();
const tuning = await Bun.file(join(root, "docs/tuning.md")).text();
const api = await apiReports();
const declared = new Set(api.match(/[A-Za-z_$][\w$]*/g));
const codes = new Set([...errors.matchAll(/^### `(\w+)`$/gm)].map(([, code]) => code));

const RUST = "## From the Rust crates";
const BUILDERS = "### From the Rust crates";
const TABLES = [
  ["docs/coming-from.md", page, RUST],
  ["docs/coming-from.md", page, "## From `WebSocket` and `ws`"],
  ["docs/coming-from.md", page, "## From `fetch` and undici"],
  ["README.md", readme, BUILDERS],
  ["README.md", readme, "### From `WebSocket`, `ws`, `fetch` and undici"],
] as const;

/** Where the options of an interface are told in full. */
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  "docs/websocket.md": [
    "WsOptions",
    "DeflateOptions",
    "LivenessOptions",
    "HeartbeatOptions",
    "AcceptOptions",
    "BindOptions",
  ],
  "docs/http.md": ["HttpOptions", "SendOptions", "RequestWriterOptions", "ResponseReaderOptions", "RequestInit"],
  "docs/pools.md": ["ClientPoolOptions", "ReconnectOptions", "AcquireOptions", "LifoPoolOptions", "SharedSendOptions"],
  "docs/tls.md": ["TlsOptions"],
  "docs/proxies.md": ["ProxyOptions"],
  "docs/spin.md": ["SpinWaitOptions", "SpinOptions", "SpinFeedOptions", "SpinCallOptions", "SpinSendOptions"],
  "docs/tuning.md": ["SocketOptions", "KeepAliveOptions"],
};

/** What a name in front of a dot is. */
const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  ws: ["WsStream", "WsConnection", "WsChannel"],
  msg: ["Message"],
  ring: ["ByteRing"],
  out: ["WriteBuffer"],
  reader: ["FrameReader", "ResponseReader"],
  writer: ["FrameWriter", "RequestWriter"],
  request: ["Request_2"],
  response: ["Response_2"],
  conn: ["HttpConnection"],
  connection: ["HttpConnection"],
  slot: ["ClientSlot", "AtomicClientSlot"],
  pool: ["ClientPool", "AtomicClientPool"],
  error: ["RequestError"],
};

/** Of the language, the engine and the web, and what a program calls things; no names of ours. */
const OTHERS = new Set(
  (
    "wss await using new of for true false null then URL URLSearchParams Uint8Array ReadableStream Streams Location Origin " +
    "ws msg url options handlers transport tcp bytes text content chunk count opcode fin value method length write sends worker " +
    "handle slot pool conn reader writer request response ring out error listener hostname pathname host NEXUS_DEBUG nexus async net codec spin"
  ).split(" "),
);

describe.each(TABLES.map(([path, text, heading]) => ({ path, text, heading })))(
  "$path $heading",
  ({ text, heading }) => {
    const cells = rowsBelow(text, heading).flatMap(([, ...ours]) => ours.flatMap(codeSpans));

    test("each name of ours stands in the API report, or is an error's code", () => {
      expect(cells.length).toBeGreaterThan(15);
      const unknown = cells
        .flatMap(namesIn)
        .filter((name) => !declared.has(name) && !codes.has(name) && !OTHERS.has(name));
      expect([...new Set(unknown)]).toEqual([]);
    });

    test("each member is one of what it is taken from", () => {
      const wrong = cells.flatMap(membersIn).filter(([object, member]) => {
        const classes = OBJECTS[object] ?? (/^[A-Z]/.test(object) ? [object] : null);
        return classes !== null && !classes.some((name) => bodyOf(name).has(member));
      });
      expect(wrong.map(([object, member]) => `${object}.${member}`)).toEqual([]);
    });
  },
);

/** The public names of `nexus-net` 0.9 and `nexus-async-net` 0.9 (and where they moved later), as their documentation lists them. */
const CRATES: Readonly<Record<string, string>> = {
  WsStreamBuilder:
    "new connect connect_with accept tls tls_buffer_capacities disable_nagle tcp_keepalive recv_buffer_size send_buffer_size connect_timeout " +
    "buffer_capacity write_buffer_capacity max_frame_size max_message_size max_read_size compact_at",
  WsStream:
    "accept recv send_text send_binary send_ping send_pong close from_parts into_parts from_raw_parts is_poisoned stream stream_mut reader WsReader WsWriter Stream Sink",
  Message: "Text Binary Ping Pong Close CloseFrame into_owned OwnedMessage OwnedCloseFrame CloseCode",
  FrameReader: "builder read read_from spare filled next poll compact should_compact remaining buffered reset",
  FrameReaderBuilder:
    "role buffer_capacity pre_padding post_padding message_capacity compact_at max_frame_size max_message_size build",
  FrameWriter:
    "new encode_text encode_text_into encode_ping encode_pong encode_close encode_empty_close max_encoded_len FrameHeader apply_mask",
  Buffers: "ReadBuf WriteBuf spare filled data advance compact clear len remaining append prepend",
  TlsConfig:
    "new builder add_root_cert skip_system_certs danger_no_verify tls13_only build client_config TlsCodec TlsBufferCapacities MaybeTls Plain Tls",
  RequestWriter:
    "new set_base_path default_header set_write_buffer_capacity get post put delete request get_raw post_raw put_raw delete_raw request_raw writer_for",
  RequestBuilder: "query query_raw header body body_writer body_fixed finish as_bytes BodyWriter Method",
  ResponseReader:
    "new max_headers max_head_size max_body_size read spare filled read_from next remainder body_remaining content_length is_chunked " +
    "set_body_consumed consume_response header_count reset",
  RestResponse: "status header header_bytes body body_str",
  Http: "RequestReader write_request request_size write_response response_size",
  HttpConnectionBuilder:
    "new connect connect_with tls disable_nagle tcp_keepalive recv_buffer_size send_buffer_size connect_timeout read_timeout writer_for",
  HttpConnection: "new send is_poisoned stream stream_mut set_read_timeout set_tcp_keepalive",
  ClientPoolBuilder:
    "builder url base_path default_header connections tls disable_nagle tcp_keepalive recv_buffer_size send_buffer_size write_buffer_capacity " +
    "response_buffer_capacity max_body_size build",
  ClientPool: "try_acquire acquire available Pooled ClientSlot AtomicClientPool AtomicClientPoolBuilder",
  ClientSlot: "writer reader conn needs_reconnect conn_and_reader",
  Transport: "WireStream ParserSink AsyncRead AsyncWrite pair pair_with parse_ws_url Client",
  WsError: "Io Protocol Encode Handshake Tls TlsNotEnabled ReadError BufferFull EncodeError ControlPayloadTooLarge",
  HandshakeError:
    "UnexpectedStatus MissingUpgrade MissingConnection InvalidAcceptKey UnsupportedVersion MissingKey MalformedHttp",
  ProtocolError:
    "InvalidOpcode ReservedBitsSet MaskedFrameFromServer UnmaskedFrameFromClient PayloadTooLarge ControlFrameTooLarge FragmentedControlFrame " +
    "InvalidCloseCode InvalidUtf8InCloseReason CloseFrameTooShort ContinuationWithoutStart NewMessageDuringAssembly InvalidUtf8 MessageTooLarge",
  RestError:
    "Io Http BodyTooLarge RequestTooLarge CrlfInjection ConnectionPoisoned ReadTimeout ConnectionStale ConnectionClosed InvalidUrl TlsNotEnabled Tls",
  HttpError: "BufferFull HeadTooLarge TooManyHeaders Malformed InvalidHeaderValue BufferTooSmall",
  TlsError: "InvalidHostname NoRootCerts Rustls",
};

describe("of the crates", () => {
  const named = rustNames(page, RUST);
  const inReadme = rustNames(readme, BUILDERS);

  test.each(Object.entries(CRATES))("nothing of %s is left out", (_, names) => {
    expect(names.split(" ").filter((name) => !named.has(name))).toEqual([]);
  });

  test.each(Object.entries(CRATES).filter(([of]) => /(?:Stream|Connection|Pool)Builder$/.test(of)))(
    "no method of %s is left out of the README",
    (_, names) => {
      expect(names.split(" ").filter((name) => !inReadme.has(name))).toEqual([]);
    },
  );

  test("each row says what is here, or that there is none, in three cells, or two for a rule", () => {
    for (const row of rowsBelow(page, RUST)) {
      expect([2, 3]).toContain(row.length);
      expect(row[1]).not.toBe("");
    }
  });
});

describe("docs/tuning.md", () => {
  const options = optionsOf(api);
  const rows = rowsBelow(tuning, "## Every other option");
  const told = rows.flatMap(([cell = ""]) => {
    const [option = "", ...interfaces] = codeSpans(cell);
    return interfaces.map((name) => `${option} of ${name}`);
  });
  const headed = [...tuning.matchAll(/^### (\w+)$/gm)].map(([, name = ""]) => `${name} of SocketOptions`);

  test("tells of every option, and of none that there is not", () => {
    expect(options.length).toBeGreaterThan(120);
    expect([...told, ...headed.filter((name) => options.includes(name))].sort()).toEqual(options);
  });

  test("says for each its default, when to change it, and when that hurts", () => {
    const short = rows.filter((row) => row.length !== 4).map(([cell]) => cell);
    expect(short).toEqual([]);
    for (const option of options.filter((name) => name.endsWith(" of SocketOptions"))) {
      const section = tuning.split(`\n### ${option.split(" ")[0]}\n`)[1]?.split("\n### ")[0] ?? "";
      expect([option, /Change it|One that/.test(section)]).toEqual([option, true]);
    }
  });
});

describe("the page of a topic names every option of it", () => {
  test.each(Object.entries(TOPICS))("%s", async (path, interfaces) => {
    const text = await Bun.file(join(root, path)).text();
    const code = [
      ...text.matchAll(/`[^`\n]+`/g),
      ...text.matchAll(/^```ts\n[\s\S]*?^```$/gm),
      ...text.matchAll(/^### .*$/gm),
    ];
    const named = new Set(code.flatMap(([span]) => namesIn(span)));
    const options = optionsOf(api).map((option) => option.split(" of ") as [string, string]);
    for (const name of interfaces) {
      const own = options.filter(([, of]) => of === name).map(([option]) => option);
      expect(own.length).toBeGreaterThan(0);
      expect([name, own.filter((option) => !named.has(option))]).toEqual([name, []]);
    }
  });
});

/** The names in the first column below the heading. */
function rustNames(text: string, heading: string): Set<string> {
  const cells = rowsBelow(text, heading).flatMap(([rust = ""]) => codeSpans(rust));
  return new Set(cells.flatMap(namesIn));
}

/** Each option of each interface of options, as `option of Interface`. */
function optionsOf(report: string): string[] {
  const interfaces = report.matchAll(
    /interface (\w+Options|RequestInit)(?:_\d)?(?:<\w+>)?(?: extends [^{]*)?\s*\{([\s\S]*?)\n\}/g,
  );
  const options = [...interfaces].flatMap(([, name = "", body = ""]) =>
    [...body.matchAll(/^ {4}(?:readonly )?(\w+)\??:/gm)].map(([, option = ""]) => `${option} of ${name}`),
  );
  return [...new Set(options)].sort();
}

function codeSpans(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text.replace(/"[^"]*"/g, ""));
}

function namesIn(text: string): string[] {
  return text.match(/[A-Za-z_$][\w$]*/g) ?? [];
}

/** `a.b` and `b.c` of `a.b.c`. */
function membersIn(text: string): (readonly [object: string, member: string])[] {
  return [...text.matchAll(/(?<![\w$])(?=([A-Za-z_]\w*)\.([A-Za-z_]\w*))/g)].map(
    ([, object = "", member = ""]) => [object, member] as const,
  );
}

/** The names within a class, an interface or a constant of the API report. */
function bodyOf(name: string): Set<string> {
  const pattern = new RegExp(`(?:class|interface|const) ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`);
  return new Set(pattern.exec(api)?.[1]?.match(/[A-Za-z_$][\w$]*/g));
}

async function apiReports(): Promise<string> {
  const paths = await Array.fromAsync(new Glob("docs/api/*.api.md").scan({ cwd: root }));
  return (await Promise.all(paths.sort().map((path) => Bun.file(join(root, path)).text()))).join("\n");
}
