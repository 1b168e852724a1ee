import type { ResponseCase } from "../../helpers/feed-response-all-ways.ts";

/** Why, and the case. */
export type Vector = readonly [why: string, each: ResponseCase];

/** How a body ends: RFC 9112 section 6.3. */
export const BODIES: readonly Vector[] = [
  vector("Content-Length bytes", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", [
    ...ok("Content-Length: 5"),
    'body "hello"',
  ]),
  vector("a name in another case, and no white space", "HTTP/1.1 200 OK\r\ncontent-LENGTH:5\r\n\r\nhello", [
    ...ok("content-LENGTH: 5"),
    'body "hello"',
  ]),
  vector("white space around the number", "HTTP/1.1 200 OK\r\nContent-Length: \t5 \t\r\n\r\nhello", [
    ...ok("Content-Length: 5"),
    'body "hello"',
  ]),
  vector("leading zeros are digits", "HTTP/1.1 200 OK\r\nContent-Length: 0005\r\n\r\nhello", [
    ...ok("Content-Length: 0005"),
    'body "hello"',
  ]),
  vector("a length of 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ok("Content-Length: 0")),
  vector("the same length twice is one", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", [
    ...ok("Content-Length: 2", "Content-Length: 2"),
    'body "hi"',
  ]),
  vector("the same length in a list is one", "HTTP/1.1 200 OK\r\nContent-Length: 2, 02 ,2\r\n\r\nhi", [
    ...ok("Content-Length: 2, 02 ,2"),
    'body "hi"',
  ]),
  vector(
    "HEAD: what GET would have, but no body",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    ok("Content-Length: 5"),
    {
      method: "HEAD",
    },
  ),
  vector(
    "HEAD with chunks announced",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ok("Transfer-Encoding: chunked"),
    {
      method: "HEAD",
    },
  ),
  vector("HEAD without a length does not last to the end", "HTTP/1.1 200 OK\r\n\r\n", ok(), { method: "HEAD" }),
  vector("204 has none", "HTTP/1.1 204 No Content\r\n\r\n", ['204 "No Content" 1.1 keep']),
  vector("204 has none, whatever its length says", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", [
    '204 "No Content" 1.1 keep',
    "  Content-Length: 5",
  ]),
  vector("304 has none, and says the length it would have", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", [
    '304 "Not Modified" 1.1 keep',
    "  Content-Length: 5",
  ]),
  vector(
    "without a length it lasts to the end of the connection",
    "HTTP/1.1 200 OK\r\nX: y\r\n\r\nall of\r\n\r\nthis",
    ['200 "OK" 1.1 close', "  X: y", String.raw`body "all of\r\n\r\nthis"`],
    { eof: true },
  ),
  vector("nothing before the end of the connection", "HTTP/1.1 200 OK\r\n\r\n", ['200 "OK" 1.1 close'], { eof: true }),
  vector("without a length and without an end it is not over", "HTTP/1.1 200 OK\r\n\r\nsome", []),
  vector("half a body is not over", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", []),
  vector("half a head is not over", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r", []),
  vector("larger than a small ring", `HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n${"x".repeat(700)}`, [
    ...ok("Content-Length: 700"),
    longBody("x".repeat(700)),
  ]),
  vector(
    "larger than a small ring, to the end of the connection",
    `HTTP/1.1 200 OK\r\n\r\n${"y".repeat(700)}`,
    ['200 "OK" 1.1 close', longBody("y".repeat(700))],
    { eof: true },
  ),
  vector(
    "as large as it may be",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    [...ok("Content-Length: 5"), 'body "hello"'],
    {
      options: { maxBodySize: 5 },
    },
  ),
  vector("any bytes", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x00\xff\r\n", [
    ...ok("Content-Length: 4"),
    'body "\\u0000\xff\\r\\n"',
  ]),
];

/** Chunked bodies: RFC 9112 section 7.1. */
export const CHUNKS: readonly Vector[] = [
  chunked("one chunk", "5\r\nhello\r\n0\r\n\r\n", ['body "hello"']),
  chunked("chunks are one body", "1\r\nh\r\n2\r\nel\r\n2\r\nlo\r\n0\r\n\r\n", ['body "hello"']),
  chunked("no data", "0\r\n\r\n", []),
  chunked(
    "hexadecimal sizes in either case, with leading zeros",
    "A\r\n0123456789\r\n00b\r\n0123456789a\r\n000\r\n\r\n",
    ['body "01234567890123456789a"'],
  ),
  chunked("line ends in the data are data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", [String.raw`body "\r\n\r\n"`]),
  chunked("extensions are skipped", '3;a=b;c\r\nabc\r\n2 \t;d="e;\x80 f"\r\nde\r\n0;last\r\n\r\n', ['body "abcde"']),
  chunked("a trailer section", "1\r\na\r\n0\r\nExpires: now\r\nX-Sum:  1 \r\n\r\n", [
    'body "a"',
    "  trailer Expires: now",
    "  trailer X-Sum: 1",
  ]),
  chunked("a trailer section without a body", "0\r\nA:\r\n\r\n", ["  trailer A: "]),
  chunked(
    "fields that frame do nothing in a trailer section",
    "1\r\na\r\n0\r\nContent-Length: 9\r\nConnection: close\r\n\r\n",
    ['body "a"', "  trailer Content-Length: 9", "  trailer Connection: close"],
  ),
  chunked("larger than a small ring", `${"c8\r\n".concat("z".repeat(200), "\r\n").repeat(4)}0\r\nA: b\r\n\r\n`, [
    longBody("z".repeat(800)),
    "  trailer A: b",
  ]),
  vector(
    "framing larger than the data and than a small ring",
    `${chunkedHead()}${"1;123456789\r\nq\r\n".repeat(40)}0\r\n\r\n`,
    [...ok("Transfer-Encoding: chunked"), `body "${"q".repeat(40)}"`],
    { options: { maxHeadSize: 400 } },
  ),
  chunked("an end that is missing", "5\r\nhello\r\n0\r\n", null),
  chunked("the name of the coding in another case", "1\r\na\r\n0\r\n\r\n", ['body "a"'], "CHUNKED"),
  vector(
    "chunks as large as the body may be",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    [...ok("Transfer-Encoding: chunked"), 'body "abcde"'],
    { options: { maxBodySize: 5 } },
  ),
];

/** Interim responses and upgrades: RFC 9110 sections 15.2, 7.8 and 9.3.6. */
export const INTERIMS: readonly Vector[] = [
  vector("100 is passed over", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 \r\n\r\n", [
    "interim 100",
    '204 "" 1.1 keep',
  ]),
  vector(
    "103 can be seen",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    ["interim 103 Link: </a> Link: </b>", ...ok("Content-Length: 1"), 'body "a"'],
  ),
  vector("many of them", `${"HTTP/1.1 102 P\r\n\r\n".repeat(64)}HTTP/1.1 204 \r\n\r\n`, [
    ...Array.from({ length: 64 }, () => "interim 102"),
    '204 "" 1.1 keep',
  ]),
  vector("one too many", `${"HTTP/1.1 102 P\r\n\r\n".repeat(65)}HTTP/1.1 204 \r\n\r\n`, [
    ...Array.from({ length: 65 }, () => "interim 102"),
    "fail HTTP_TOO_MANY_INFORMATIONAL",
  ]),
  vector("their fields frame nothing", "HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 \r\n\r\n", [
    "interim 100 Content-Length: 5",
    '204 "" 1.1 keep',
  ]),
  vector(
    "before a body to the end of the connection",
    "HTTP/1.1 100 C\r\n\r\nHTTP/1.0 200 OK\r\n\r\nabc",
    ["interim 100", '200 "OK" 1.0 close', 'body "abc"'],
    { eof: true },
  ),
  vector("only an interim one", "HTTP/1.1 100 Continue\r\n\r\n", ["interim 100"]),
  vector(
    "101 that was asked for",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x81\x00rest",
    ['101 "Switching Protocols" 1.1 close', "  Upgrade: x", 'rest "\x81\\u0000rest"'],
    { upgrade: true },
  ),
  vector("101 and nothing behind it", "HTTP/1.1 101 S\r\n\r\n", ['101 "S" 1.1 close', 'rest ""'], { upgrade: true }),
  vector(
    "101 behind 100",
    "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 101 S\r\n\r\nab",
    ["interim 100", '101 "S" 1.1 close', 'rest "ab"'],
    {
      upgrade: true,
    },
  ),
  vector(
    "another answer to an upgrade",
    "HTTP/1.1 426 No\r\nContent-Length: 0\r\n\r\n",
    ['426 "No" 1.1 keep', "  Content-Length: 0"],
    {
      upgrade: true,
    },
  ),
  vector("101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\n\r\n", ["fail HTTP_UPGRADE_UNEXPECTED"]),
  vector(
    "success to CONNECT: a tunnel, whatever the framing says",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n\x16\x03",
    ['200 "OK" 1.1 close', "  Content-Length: 5", "  Transfer-Encoding: chunked", String.raw`rest "\u0016\u0003"`],
    { method: "CONNECT" },
  ),
  vector(
    "a refused CONNECT is an ordinary response",
    "HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno",
    ['407 "Auth" 1.1 keep', "  Content-Length: 2", 'body "no"'],
    { method: "CONNECT" },
  ),
];

/** Whether the connection lives on: RFC 9112 section 9.3. */
export const PERSISTENCE: readonly Vector[] = [
  persists("HTTP/1.1 stays open", "1.1", [], "keep"),
  persists("close ends it", "1.1", ["Connection: close"], "close"),
  persists("close within a list, in another case", "1.1", ["Connection: x , CLOSE,y"], "close"),
  persists("close in a second field", "1.1", ["Connection: x", "connection: close"], "close"),
  persists("close wins over keep-alive", "1.1", ["Connection: keep-alive, close"], "close"),
  persists("keep-alive changes nothing", "1.1", ["Connection: keep-alive"], "keep"),
  persists("an option that only begins so", "1.1", ["Connection: closed, xclose"], "keep"),
  persists("HTTP/1.0 ends", "1.0", [], "close"),
  persists("HTTP/1.0 with keep-alive stays open", "1.0", ["Connection: Keep-Alive"], "keep"),
  persists("HTTP/1.0 with both ends", "1.0", ["Connection: keep-alive", "Connection: close"], "close"),
  vector(
    "a status that is refused keeps the rule",
    "HTTP/1.1 429 Slow\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    ['429 "Slow" 1.1 close', "  Connection: close", "  Content-Length: 0"],
  ),
];

/** What must be refused, and how it is called. */
export const REFUSALS: readonly Vector[] = [
  ...[
    "HTTP/1.1 20 OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1 2OO OK",
    "HTTP/1.1 200\tOK",
  ].map(statusLine),
  ...["http/1.1 200 OK", "HTTP/1,1 200 OK", "HTTP/11 200 OK", "HTTP 200 OK", " HTTP/1.1 200 OK", "", "ICY 200 OK"].map(
    statusLine,
  ),
  ...["HTTP/1.1-200 OK", "HTTP/x.1 200 OK", "HTTP/1.x 200 OK", "HTTP/1.1 -20 OK", "HTTP/1.1 200OK", "HTTP/1.1"].map(
    statusLine,
  ),
  refused("HTTP/2", "HTTP/2.0 200 OK\r\n", "HTTP_VERSION"),
  refused("HTTP/0.9 that calls itself so", "HTTP/0.9 200 OK\r\n", "HTTP_VERSION"),
  refused("a minor version that does not exist", "HTTP/1.2 200 OK\r\n", "HTTP_VERSION"),
  ...[
    "",
    "-5",
    "+5",
    "5 5",
    "0x5",
    "5;",
    "5,",
    ",5",
    "5,,5",
    "five",
    "5.0",
    "9007199254740992",
    "1e3",
    "99999999999999999999",
  ].map((value) => head(`a length of ${JSON.stringify(value)}`, [`Content-Length: ${value}`], "HTTP_CONTENT_LENGTH")),
  head("two lengths", ["Content-Length: 5", "Content-Length: 6"], "HTTP_CONTENT_LENGTH_CONFLICT"),
  head("two lengths in a list", ["Content-Length: 5, 6"], "HTTP_CONTENT_LENGTH_CONFLICT"),
  head("a length and chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"], "HTTP_FRAMING_CONFLICT"),
  head("chunks and a length", ["Transfer-Encoding: chunked", "Content-Length: 5"], "HTTP_FRAMING_CONFLICT"),
  head("a length of 0 and chunks", ["Content-Length: 0", "Transfer-Encoding: chunked"], "HTTP_FRAMING_CONFLICT"),
  ...[
    "gzip",
    "identity",
    "",
    "chunked, gzip",
    "gzip, chunked",
    "chunked, chunked",
    "chunked;q=1",
    "xchunked",
    "chunked,",
  ].map((value) =>
    head(`a transfer coding of ${JSON.stringify(value)}`, [`Transfer-Encoding: ${value}`], "HTTP_TRANSFER_ENCODING"),
  ),
  head("chunked twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "HTTP_TRANSFER_ENCODING"),
  refused("chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP_TRANSFER_ENCODING"),
  head("a space before the colon", ["Content-Length : 5"], "HTTP_HEADER_NAME"),
  head("a field without a colon", ["Content-Length"], "HTTP_HEADER_NAME"),
  head("a folded field", ["A: b", " c"], "HTTP_OBSOLETE_FOLD"),
  head("a CR within a value", ["A: b\rc"], "HTTP_BARE_CR"),
  head("an LF within a value", ["A: b\nContent-Length: 5"], "HTTP_BARE_LF"),
  head("NUL in a value", ["A: b\0c"], "HTTP_CONTROL_CHARACTER"),
  head("one field too many", ["A: 1", "A: 2", "A: 3"], "HTTP_TOO_MANY_HEADERS", { options: { maxHeaders: 2 } }),
  head("a head over its limit", [`A: ${"b".repeat(100)}`], "HTTP_HEAD_TOO_LARGE", { options: { maxHeadSize: 60 } }),
  vector(
    "a length over maxBodySize, from the head",
    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n",
    ["fail HTTP_BODY_TOO_LARGE"],
    {
      options: { maxBodySize: 5 },
      streamed: [],
    },
  ),
  vector("a chunk over maxBodySize, from its size", `${chunkedHead()}3\r\nabc\r\n3\r\n`, ["fail HTTP_BODY_TOO_LARGE"], {
    options: { maxBodySize: 5 },
    streamed: [],
  }),
  vector("a body over maxBodySize, to the end", "HTTP/1.1 200 OK\r\n\r\nabcdef", ["fail HTTP_BODY_TOO_LARGE"], {
    options: { maxBodySize: 5 },
    streamed: [],
  }),
  ...["x", "", " 5", "-1", "0x5", "5 5", "5 ", "+5", "g", "5\t", "5,5", "5\n", "5\r\r"].map((size) =>
    refused(`a chunk size of ${JSON.stringify(size)}`, `${chunkedHead()}${size}\r\nhello\r\n`, "HTTP_CHUNK_SIZE"),
  ),
  refused("a chunk size of 2^53", `${chunkedHead()}20000000000000\r\n`, "HTTP_CHUNK_SIZE"),
  refused("a chunk size of 17 digits", `${chunkedHead()}00000000000000005`, "HTTP_CHUNK_SIZE"),
  vector(
    "a chunk size below 2^53 is only too large",
    `${chunkedHead()}1fffffffffffff\r\n`,
    ["fail HTTP_BODY_TOO_LARGE"],
    { streamed: [] },
  ),
  refused("data longer than its size", `${chunkedHead()}5\r\nhello!\r\n`, "HTTP_CHUNK_END"),
  refused("data that ends in LF", `${chunkedHead()}5\r\nhello\n0\r\n\r\n`, "HTTP_CHUNK_END"),
  refused("data that ends in CR", `${chunkedHead()}5\r\nhello\r0\r\n\r\n`, "HTTP_CHUNK_END"),
  refused("a bare LF in an extension", `${chunkedHead()}5;a\nb\r\n`, "HTTP_CHUNK_EXTENSION"),
  refused("NUL in an extension", `${chunkedHead()}5;\0\r\n`, "HTTP_CHUNK_EXTENSION"),
  refused("an extension that goes on and on", `${chunkedHead()}5;${"a".repeat(90)}`, "HTTP_CHUNK_EXTENSION", {
    options: { maxHeadSize: 80 },
  }),
  refused(
    "white space before an extension that goes on and on",
    `${chunkedHead()}5${" ".repeat(90)}`,
    "HTTP_CHUNK_EXTENSION",
    {
      options: { maxHeadSize: 80 },
    },
  ),
  refused(
    "extensions that go on and on",
    `${chunkedHead()}${"1;abcdefghi\r\nx\r\n".repeat(10)}`,
    "HTTP_CHUNK_EXTENSION",
    {
      options: { maxHeadSize: 80 },
    },
  ),
  refused(
    "a trailer section over the head's limit",
    `${chunkedHead()}0\r\nA: ${"b".repeat(90)}`,
    "HTTP_HEAD_TOO_LARGE",
    {
      options: { maxHeadSize: 80 },
    },
  ),
  refused("one trailer too many", `${chunkedHead()}0\r\nA: 1\r\nB: 2\r\n\r\n`, "HTTP_TOO_MANY_HEADERS", {
    options: { maxHeaders: 1 },
  }),
  refused("a folded trailer", `${chunkedHead()}0\r\n A: b\r\n\r\n`, "HTTP_OBSOLETE_FOLD"),
  vector("the end of the connection before a response", "", ["fail HTTP_TRUNCATED"], { eof: true }),
  vector("the end of the connection within the head", "HTTP/1.1 200 OK\r\nContent-", ["fail HTTP_TRUNCATED"], {
    eof: true,
  }),
  vector(
    "the end of the connection behind an interim response",
    "HTTP/1.1 100 C\r\n\r\n",
    ["interim 100", "fail HTTP_TRUNCATED"],
    { eof: true },
  ),
  vector(
    "the end of the connection within a body",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
    ["fail HTTP_TRUNCATED"],
    { eof: true },
  ),
  vector("the end of the connection within a chunk", `${chunkedHead()}5\r\nhell`, ["fail HTTP_TRUNCATED"], {
    eof: true,
  }),
  vector("the end of the connection before the last chunk", `${chunkedHead()}5\r\nhello\r\n`, ["fail HTTP_TRUNCATED"], {
    eof: true,
  }),
  vector(
    "the end of the connection within the trailer section",
    `${chunkedHead()}0\r\nA: b\r\n`,
    ["fail HTTP_TRUNCATED"],
    { eof: true },
  ),
];

/** Bytes in which another parser may see another response: the reader sees one thing, or refuses. */
export const SMUGGLING: readonly Vector[] = [
  vector(
    "a second response behind the first is none of ours",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n",
    [...ok("Content-Length: 2"), 'body "hi"', "fail HTTP_RESPONSE_UNEXPECTED"],
  ),
  vector("a body behind a status that has none", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi", [
    '204 "No" 1.1 keep',
    "  Content-Length: 2",
    "fail HTTP_RESPONSE_UNEXPECTED",
  ]),
  vector(
    "a body behind HEAD",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    [...ok("Content-Length: 2"), "fail HTTP_RESPONSE_UNEXPECTED"],
    {
      method: "HEAD",
    },
  ),
  vector("a stray CRLF behind a body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi\r\n", [
    ...ok("Content-Length: 2"),
    'body "hi"',
    "fail HTTP_RESPONSE_UNEXPECTED",
  ]),
  vector("a byte behind the trailer section", `${chunkedHead()}0\r\n\r\n0`, [
    ...ok("Transfer-Encoding: chunked"),
    "fail HTTP_RESPONSE_UNEXPECTED",
  ]),
  head("a length that hides behind a space", ["Content-Length: 5", "Content-Length : 6"], "HTTP_HEADER_NAME"),
  head("a coding that hides behind a tab", ["Content-Length: 5", "Transfer-Encoding\t: chunked"], "HTTP_HEADER_NAME"),
  head("a coding that hides behind a vertical tab", ["Transfer-Encoding: \vchunked"], "HTTP_CONTROL_CHARACTER"),
  head("a coding that hides behind a fold", ["Transfer-Encoding:", " chunked"], "HTTP_OBSOLETE_FOLD"),
  head("a coding in a bare line", ["A: b\nTransfer-Encoding: chunked"], "HTTP_BARE_LF"),
  head("a coding behind NUL", ["Transfer-Encoding: chunked\0"], "HTTP_CONTROL_CHARACTER"),
  head(
    "a coding with another letter",
    ["Transfer-Encoding: chun\u212Aed".replace("\u212A", "\xe2")],
    "HTTP_TRANSFER_ENCODING",
  ),
  vector("a name that is only like one", "HTTP/1.1 200 OK\r\nContent_Length: 9\r\nContent-Length: 2\r\n\r\nhi", [
    ...ok("Content_Length: 9", "Content-Length: 2"),
    'body "hi"',
  ]),
  vector("a field that a value only quotes", "HTTP/1.1 200 OK\r\nA: Content-Length: 9\r\nContent-Length: 2\r\n\r\nhi", [
    ...ok("A: Content-Length: 9", "Content-Length: 2"),
    'body "hi"',
  ]),
];

function vector(
  why: string,
  text: string,
  events: readonly string[],
  more: Omit<ResponseCase, "text" | "events"> = {},
): Vector {
  return [why, { ...more, text, events }];
}

/** The lines of a 200 in HTTP/1.1 that keeps the connection. */
function ok(...fields: string[]): string[] {
  return ['200 "OK" 1.1 keep', ...fields.map((field) => `  ${field}`)];
}

/** `events` are those behind the head; null where the response is not over. */
function chunked(why: string, text: string, events: readonly string[] | null, coding = "chunked"): Vector {
  const field = `Transfer-Encoding: ${coding}`;
  return vector(why, `HTTP/1.1 200 OK\r\n${field}\r\n\r\n${text}`, events === null ? [] : [...ok(field), ...events]);
}

function persists(why: string, version: "1.0" | "1.1", fields: readonly string[], verdict: "keep" | "close"): Vector {
  const lines = [...fields, "Content-Length: 0"];
  return vector(why, `HTTP/${version} 200 OK\r\n${lines.join("\r\n")}\r\n\r\n`, [
    `200 "OK" ${version} ${verdict}`,
    ...lines.map((line) => `  ${line}`),
  ]);
}

function refused(why: string, text: string, code: string, more: Omit<ResponseCase, "text" | "events"> = {}): Vector {
  return vector(why, text, [`fail ${code}`], more);
}

function statusLine(line: string): Vector {
  return refused(`status line ${JSON.stringify(line)}`, `${line}\r\nContent-Length: 0\r\n\r\n`, "HTTP_STATUS_LINE");
}

function head(
  why: string,
  fields: readonly string[],
  code: string,
  more: Omit<ResponseCase, "text" | "events"> = {},
): Vector {
  return refused(why, `HTTP/1.1 200 OK\r\n${fields.join("\r\n")}\r\n\r\n`, code, more);
}

function longBody(text: string): string {
  return `body of ${text.length} bytes, hash ${Bun.hash(Buffer.from(text, "latin1")).toString(16)}`;
}

function chunkedHead(): string {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
}
