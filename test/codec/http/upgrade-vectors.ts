/** A request that keeps every rule of RFC 6455 section 4.2.1. */
export const GOOD_LINE = "GET /chat?room=1 HTTP/1.1";
export const GOOD_FIELDS: readonly string[] = [
  "Host: server.example.com",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

/** The head as it goes on the wire. */
export function headOf(line: string = GOOD_LINE, fields: readonly string[] = GOOD_FIELDS): string {
  return `${[line, ...fields].join("\r\n")}\r\n\r\n`;
}

/** {@link GOOD_FIELDS} with the field of that name replaced by others, or taken out. */
export function fieldsBut(name: string, ...others: readonly string[]): string[] {
  return GOOD_FIELDS.flatMap((field) => (field.startsWith(`${name}:`) ? others : [field]));
}

/** One way to break a rule: why, the bytes, what the server says. */
export interface UpgradeVector {
  readonly why: string;
  readonly head: string;
  /** The rule's own code: of the head reader, or of the judgement. */
  readonly code: string;
  readonly status: number;
}

const adding = (...more: readonly string[]): string => headOf(GOOD_LINE, [...GOOD_FIELDS, ...more]);
const without = (name: string, ...others: readonly string[]): string => headOf(GOOD_LINE, fieldsBut(name, ...others));
const malformed = (why: string, head: string, code: string, status = 400): UpgradeVector => ({
  why,
  head,
  code,
  status,
});

/** What is no head of an HTTP/1.x request (RFC 9112 sections 2 to 5). */
export const MALFORMED: readonly UpgradeVector[] = [
  malformed("a bare LF behind the request line", `${GOOD_LINE}\n${headOf("", GOOD_FIELDS)}`, "HTTP_BARE_LF"),
  malformed("a bare LF behind a field", headOf(`${GOOD_LINE}\r\nA: b\nC: d`), "HTTP_BARE_LF"),
  malformed("a bare CR within a value", adding("A: b\rc"), "HTTP_BARE_CR"),
  malformed("a bare CR within the request line", headOf("GET /\r HTTP/1.1"), "HTTP_BARE_CR"),
  malformed("a field forged behind a bare CR", adding("A: b\rHost: evil"), "HTTP_BARE_CR"),
  malformed("an obsolete fold with a space", adding("A: b", " c"), "HTTP_OBSOLETE_FOLD"),
  malformed("an obsolete fold with a tab", adding("A: b", "\tc"), "HTTP_OBSOLETE_FOLD"),
  malformed("a space in front of the first field", headOf(GOOD_LINE, [" Host: a"]), "HTTP_OBSOLETE_FOLD"),
  malformed("a NUL in a value", adding("A: b\0c"), "HTTP_CONTROL_CHARACTER"),
  malformed("a DEL in a value", adding("A: b\x7fc"), "HTTP_CONTROL_CHARACTER"),
  malformed("an escape in the request line", headOf("GET /\x1b HTTP/1.1"), "HTTP_CONTROL_CHARACTER"),
  malformed("white space in front of the colon", adding("Host : a"), "HTTP_HEADER_NAME"),
  malformed("a name that is no token", adding("A(b): c"), "HTTP_HEADER_NAME"),
  malformed("an empty name", adding(": c"), "HTTP_HEADER_NAME"),
  malformed("a field without a colon", adding("nothing"), "HTTP_HEADER_NAME"),
  malformed("an empty line in front", `\r\n${headOf()}`, "HTTP_REQUEST_LINE"),
  malformed("no method", headOf(" / HTTP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("a method that is no token", headOf("GE(T / HTTP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("no target", headOf("GET  HTTP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("two spaces before the target", headOf("GET  / HTTP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("two spaces behind the target", headOf("GET /  HTTP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("a tab for a space", headOf("GET\t/ HTTP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("a space in the target", headOf("GET /a b HTTP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("a byte over 0x7F in the target", headOf("GET /\xe9 HTTP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("white space behind the version", headOf("GET / HTTP/1.1 "), "HTTP_REQUEST_LINE"),
  malformed("no version, as HTTP/0.9", headOf("GET /"), "HTTP_REQUEST_LINE"),
  malformed("another protocol", headOf("GET / HTCPCP/1.1"), "HTTP_REQUEST_LINE"),
  malformed("the protocol in lower case", headOf("GET / http/1.1"), "HTTP_REQUEST_LINE"),
  malformed("a version of two digits", headOf("GET / HTTP/1.10"), "HTTP_REQUEST_LINE"),
  malformed("a version without a minor one", headOf("GET / HTTP/1"), "HTTP_REQUEST_LINE"),
  malformed("HTTP/2, as its preface has it", headOf("PRI * HTTP/2.0", []), "HTTP_VERSION", 505),
  malformed("HTTP/1.2", headOf("GET / HTTP/1.2"), "HTTP_VERSION", 505),
  malformed("a TLS client hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "HTTP_CONTROL_CHARACTER"),
  malformed("too many fields", headOf(GOOD_LINE, Array(129).fill("A: b")), "HTTP_TOO_MANY_HEADERS", 431),
  malformed("a head over its limit", adding(`A: ${"b".repeat(17_000)}`), "HTTP_HEAD_TOO_LARGE", 431),
  malformed("a request line over the limit", headOf(`GET /${"a".repeat(17_000)} HTTP/1.1`), "HTTP_HEAD_TOO_LARGE", 431),
];

/** What is a request and asks for no WebSocket, or not as it must (RFC 6455 section 4.2.1). */
export const REFUSED: readonly UpgradeVector[] = [
  ...["HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "get", "GETX"].map((method) =>
    malformed(`the method ${method}`, headOf(`${method} / HTTP/1.1`), "UPGRADE_METHOD", 405),
  ),
  malformed("HTTP/1.0", headOf("GET / HTTP/1.0"), "UPGRADE_HTTP_VERSION", 505),
  malformed("the absolute form", headOf("GET http://server.example.com/chat HTTP/1.1"), "UPGRADE_TARGET"),
  malformed("the absolute form of ws", headOf("GET ws://server.example.com/chat HTTP/1.1"), "UPGRADE_TARGET"),
  malformed("the asterisk form", headOf("GET * HTTP/1.1"), "UPGRADE_TARGET"),
  malformed("the authority form", headOf("GET server.example.com:80 HTTP/1.1"), "UPGRADE_TARGET"),
  malformed("a target without its slash", headOf("GET chat HTTP/1.1"), "UPGRADE_TARGET"),
  malformed("a fragment", headOf("GET /chat#top HTTP/1.1"), "UPGRADE_TARGET"),
  malformed("no Host", without("Host"), "UPGRADE_HOST"),
  malformed("an empty Host", without("Host", "Host:"), "UPGRADE_HOST"),
  malformed("two Hosts", adding("Host: evil.example"), "UPGRADE_HOST"),
  malformed("the same Host twice", adding("host: server.example.com"), "UPGRADE_HOST"),
  malformed("a list of Hosts", without("Host", "Host: a, b"), "UPGRADE_HOST"),
  malformed("a Host with a path", without("Host", "Host: a/b"), "UPGRADE_HOST"),
  malformed("a Host with a login", without("Host", "Host: me@a"), "UPGRADE_HOST"),
  malformed("a Host with a port of letters", without("Host", "Host: a:http"), "UPGRADE_HOST"),
  malformed("a Host with half a bracket", without("Host", "Host: [::1"), "UPGRADE_HOST"),
  malformed("a Content-Length", adding("Content-Length: 5"), "UPGRADE_BODY"),
  malformed("a Content-Length of 0", adding("content-length: 0"), "UPGRADE_BODY"),
  malformed("a Content-Length that is none", adding("Content-Length: x"), "UPGRADE_BODY"),
  malformed("a Transfer-Encoding", adding("Transfer-Encoding: chunked"), "UPGRADE_BODY"),
  malformed("both", adding("Content-Length: 5", "Transfer-Encoding: chunked"), "UPGRADE_BODY"),
  malformed("no Upgrade, as a plain request", without("Upgrade"), "UPGRADE_MISSING", 426),
  malformed("another Upgrade", without("Upgrade", "Upgrade: h2c"), "UPGRADE_MISSING", 426),
  malformed("an Upgrade that only begins so", without("Upgrade", "Upgrade: websockets"), "UPGRADE_MISSING", 426),
  malformed("an empty Upgrade", without("Upgrade", "Upgrade:"), "UPGRADE_MISSING", 426),
  malformed("no Connection", without("Connection"), "UPGRADE_CONNECTION"),
  malformed("a Connection without Upgrade", without("Connection", "Connection: keep-alive"), "UPGRADE_CONNECTION"),
  malformed(
    "a Connection that only has it within",
    without("Connection", "Connection: upgraded"),
    "UPGRADE_CONNECTION",
  ),
  malformed("no version", without("Sec-WebSocket-Version"), "UPGRADE_VERSION", 426),
  ...["8", "12", "14", "013", "13, 8", "", "thirteen"].map((version) =>
    malformed(
      `the version ${JSON.stringify(version)}`,
      without("Sec-WebSocket-Version", `Sec-WebSocket-Version: ${version}`),
      "UPGRADE_VERSION",
      426,
    ),
  ),
  malformed("the version twice", adding("Sec-WebSocket-Version: 13"), "UPGRADE_VERSION", 426),
  malformed("no key", without("Sec-WebSocket-Key"), "UPGRADE_KEY"),
  ...[
    "",
    "dGhlIHNhbXBsZSBub25j",
    "dGhlIHNhbXBsZSBub25jZQ=",
    "dGhlIHNhbXBsZSBub25jZTE=",
    "dGhlIHNhbXBsZSBub25jZTEy",
  ].map((key) =>
    malformed(
      `the key ${JSON.stringify(key)}`,
      without("Sec-WebSocket-Key", `Sec-WebSocket-Key: ${key}`),
      "UPGRADE_KEY",
    ),
  ),
  malformed(
    "a key of other characters",
    without("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub2-_ZQ=="),
    "UPGRADE_KEY",
  ),
  malformed("two keys", adding("Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="), "UPGRADE_KEY"),
  malformed("the same key twice", adding("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), "UPGRADE_KEY"),
  ...["", ",", "a b", "chat, chat", "chat;q=1", "\u00e9"].map((protocols) =>
    malformed(
      `the subprotocols ${JSON.stringify(protocols)}`,
      adding(`Sec-WebSocket-Protocol: ${protocols}`),
      "UPGRADE_PROTOCOLS",
    ),
  ),
  malformed(
    "a subprotocol twice, in two fields",
    adding("Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b, a"),
    "UPGRADE_PROTOCOLS",
  ),
  ...["", ";", "permessage-deflate;", "a b", 'permessage-deflate; client_max_window_bits="1 0"'].map((extensions) =>
    malformed(
      `the extensions ${JSON.stringify(extensions)}`,
      adding(`Sec-WebSocket-Extensions: ${extensions}`),
      "UPGRADE_EXTENSIONS",
    ),
  ),
  malformed("two Origins", adding("Origin: https://a.example", "Origin: https://b.example"), "UPGRADE_ORIGIN"),
];
