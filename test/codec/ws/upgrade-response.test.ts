import { describe, expect, test } from "bun:test";
import {
  type UpgradeExpectation,
  type UpgradeOutcome,
  UpgradeResponseReader,
} from "../../../src/codec/ws/upgrade-response.ts";
import { hex, joined, utf8 } from "../../helpers/bytes.ts";
import { splitsOf } from "../../helpers/splits.ts";

/** RFC 6455 section 1.3: the answer to its key. */
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const EXPECTED: UpgradeExpectation = { accept: ACCEPT, protocols: ["chat", "superchat"] };
const FIELDS = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${ACCEPT}`];

interface Reading {
  readonly outcome: UpgradeOutcome | null;
  /** Bytes behind the handshake. */
  readonly rest: number;
}

describe("an upgrade", () => {
  test("is the answer of RFC 6455 section 1.3", () => {
    const outcome = opened([...FIELDS, "Sec-WebSocket-Protocol: chat"]);
    expect(outcome).toEqual({
      open: true,
      deflate: null,
      protocol: "chat",
      headers: [
        ["Upgrade", "websocket"],
        ["Connection", "Upgrade"],
        ["Sec-WebSocket-Accept", ACCEPT],
        ["Sec-WebSocket-Protocol", "chat"],
      ],
    });
  });

  test.each<{ why: string; fields: string[]; protocol?: string }>([
    { why: "without a subprotocol", fields: FIELDS },
    {
      why: "with the second subprotocol offered",
      fields: [...FIELDS, "sec-websocket-protocol:superchat"],
      protocol: "superchat",
    },
    { why: "with names and tokens in any case", fields: ["UPGRADE: WebSocket", "connection: upgrade", FIELDS[2]!] },
    { why: "with a list of connection options", fields: [FIELDS[0]!, "Connection: keep-alive, Upgrade", FIELDS[2]!] },
    {
      why: "with two lists of connection options",
      fields: [FIELDS[0]!, "Connection: close", "Connection: ,Upgrade ,", FIELDS[2]!],
    },
    {
      why: "with other fields between",
      fields: ["Server: x", FIELDS[2]!, "X-Empty:", FIELDS[1]!, "Date: now", FIELDS[0]!],
    },
    {
      why: "with white space around values",
      fields: ["Upgrade: \twebsocket  ", "Connection:Upgrade", `Sec-WebSocket-Accept:\t ${ACCEPT} \t`],
    },
  ])("$why", ({ fields, protocol }) => {
    expect(opened(fields)).toMatchObject({ open: true, protocol: protocol ?? "" });
  });

  test.each(["HTTP/1.1 101 Switching Protocols", "HTTP/1.1 101 ", "HTTP/1.1 101"])(
    "with the status line %p",
    (line) => {
      expect(readAll(head(line, FIELDS)).outcome).toMatchObject({ open: true });
    },
  );

  test("leaves the frames behind it, to the byte", () => {
    const frames = hex("81 05 48 65 6c 6c 6f");
    const reading = readAll(joined([head("HTTP/1.1 101 Switching Protocols", FIELDS), frames]));
    expect(reading.outcome).toMatchObject({ open: true });
    expect(reading.rest).toBe(frames.length);
  });

  test("leaves frames that are more than its own limits", () => {
    const frames = new Uint8Array(100_000);
    const reader = new UpgradeResponseReader({ ...EXPECTED, maxHeadSize: 300, maxBodySize: 0 });
    const answer = head("HTTP/1.1 101 Switching Protocols", FIELDS);
    expect(reader.read(joined([answer, frames]))).toBe(answer.length);
    expect(reader.outcome).toMatchObject({ open: true });
  });

  test("takes nothing more once it is known", () => {
    const reader = new UpgradeResponseReader(EXPECTED);
    reader.read(head("HTTP/1.1 101 Switching Protocols", FIELDS));
    const { outcome } = reader;
    expect(reader.read(utf8("X: y\r\n\r\n"))).toBe(0);
    reader.eof();
    expect(reader.outcome).toBe(outcome);
  });

  test.each(["HTTP/1.1 100 Continue", "HTTP/1.1 102 Processing", "HTTP/1.1 103 Early Hints"])("behind %p", (line) => {
    const interim = head(line, ["Link: </a>"]);
    const reading = readAll(joined([interim, interim, head("HTTP/1.1 101 Switching Protocols", FIELDS), hex("8900")]));
    expect(reading).toEqual({
      outcome: { open: true, protocol: "", headers: FIELDS.map(pair), deflate: null },
      rest: 2,
    });
  });
});

describe("an upgrade to which compression was offered", () => {
  const whole = { windowBits: 15, contextTakeover: true };
  const deflate = { own: whole, peer: { windowBits: 12, contextTakeover: true } };
  const outcomeOf = (...extensions: string[]): UpgradeOutcome | null => {
    const reader = new UpgradeResponseReader({ ...EXPECTED, deflate });
    const fields = extensions.map((value) => `Sec-WebSocket-Extensions: ${value}`);
    reader.read(head("HTTP/1.1 101 Switching Protocols", [...FIELDS, ...fields]));
    return reader.outcome;
  };

  test("goes without where the answer has none", () => {
    expect(outcomeOf()).toMatchObject({ open: true, deflate: null });
  });

  test("says what was agreed on", () => {
    expect(outcomeOf("permessage-deflate; server_max_window_bits=10; client_no_context_takeover")).toMatchObject({
      open: true,
      deflate: {
        own: { windowBits: 15, contextTakeover: false },
        peer: { windowBits: 10, contextTakeover: true },
      },
    });
  });

  test.each([
    [["permessage-deflate"], "server_max_window_bits is 15 where 12 was offered"],
    [["permessage-deflate; server_max_window_bits=13"], "server_max_window_bits is 13 where 12 was offered"],
    [["permessage-deflate; server_max_window_bits=9; x"], 'permessage-deflate has no parameter "x"'],
    [["permessage-deflate; server_max_window_bits=9", "permessage-deflate"], "permessage-deflate was chosen twice"],
    [["x-webkit-deflate-frame"], "an extension was chosen that was not offered"],
    [["permessage-deflate; "], "Sec-WebSocket-Extensions is malformed"],
    [[""], "Sec-WebSocket-Extensions is malformed"],
  ])("fails on %j", (extensions, reason) => {
    expect(outcomeOf(...extensions)).toMatchObject({ open: false, code: "HANDSHAKE_EXTENSION", reason, status: 101 });
  });
});

describe("a 101 that breaks a rule", () => {
  const [upgrade = "", connection = "", accept = ""] = FIELDS;
  test.each<{ why: string; fields: string[]; reason: string }>([
    { why: "no Upgrade", fields: [connection, accept], reason: "Upgrade is not websocket" },
    { why: "another Upgrade", fields: ["Upgrade: h2c", connection, accept], reason: "Upgrade is not websocket" },
    {
      why: "a list of upgrades",
      fields: ["Upgrade: websocket, h2c", connection, accept],
      reason: "Upgrade is not websocket",
    },
    { why: "two upgrades", fields: [upgrade, upgrade, connection, accept], reason: "Upgrade is not websocket" },
    { why: "no Connection", fields: [upgrade, accept], reason: "Connection does not list Upgrade" },
    {
      why: "another Connection",
      fields: [upgrade, "Connection: close, upgraded", accept],
      reason: "Connection does not list Upgrade",
    },
    { why: "no Accept", fields: [upgrade, connection], reason: "Sec-WebSocket-Accept does not answer the key" },
    {
      why: "another Accept",
      fields: [upgrade, connection, `${accept}=`],
      reason: "Sec-WebSocket-Accept does not answer the key",
    },
    {
      why: "an Accept in another case",
      fields: [upgrade, connection, accept.replace("s3p", "S3P")],
      reason: "Sec-WebSocket-Accept does not answer the key",
    },
    { why: "an Accept twice", fields: [...FIELDS, accept], reason: "Sec-WebSocket-Accept does not answer the key" },
    {
      why: "an extension",
      fields: [...FIELDS, "Sec-WebSocket-Extensions: permessage-deflate"],
      reason: "an extension was chosen that was not offered",
    },
    {
      why: "another subprotocol",
      fields: [...FIELDS, "Sec-WebSocket-Protocol: mqtt"],
      reason: "a subprotocol was chosen that was not offered",
    },
    {
      why: "a subprotocol in another case",
      fields: [...FIELDS, "Sec-WebSocket-Protocol: Chat"],
      reason: "a subprotocol was chosen that was not offered",
    },
    {
      why: "two subprotocols",
      fields: [...FIELDS, "Sec-WebSocket-Protocol: chat, superchat"],
      reason: "a subprotocol was chosen that was not offered",
    },
    {
      why: "a subprotocol twice",
      fields: [...FIELDS, "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"],
      reason: "a subprotocol was chosen that was not offered",
    },
    {
      why: "an empty subprotocol",
      fields: [...FIELDS, "Sec-WebSocket-Protocol:"],
      reason: "a subprotocol was chosen that was not offered",
    },
  ])("$why", ({ fields, reason }) => {
    const { outcome } = readAll(head("HTTP/1.1 101 Switching Protocols", fields));
    expect(outcome).toEqual({
      open: false,
      code: "HANDSHAKE_INVALID",
      reason,
      status: 101,
      headers: fields.map(pair),
      body: "",
    });
  });

  test("a subprotocol where none was offered", () => {
    const { outcome } = readAll(head("HTTP/1.1 101 x", [...FIELDS, "Sec-WebSocket-Protocol: chat"]), { protocols: [] });
    expect(outcome).toMatchObject({
      code: "HANDSHAKE_INVALID",
      reason: "a subprotocol was chosen that was not offered",
    });
  });
});

describe("a refusal", () => {
  test("has its status, fields in order and case, and its body", () => {
    const fields = ["Retry-After: 5", "content-length: 9", "X-a: 1", "x-A: 2"];
    const { outcome } = readAll(joined([head("HTTP/1.1 429 Too Many Requests", fields), utf8("slow d\u00f6wn")]));
    expect(outcome).toEqual({
      open: false,
      code: "HANDSHAKE_REFUSED",
      reason: "status 429",
      status: 429,
      headers: fields.map(pair),
      body: "slow d\u00f6w",
    });
  });

  test.each([200, 204, 301, 304, 400, 401, 403, 404, 418, 426, 500, 502, 503, 599])("status %p", (status) => {
    const { outcome } = readAll(head(`HTTP/1.1 ${status} x`, ["Content-Length: 0"]));
    expect(outcome).toMatchObject({ open: false, code: "HANDSHAKE_REFUSED", status, body: "" });
  });

  test("in HTTP/1.0, as some proxies answer", () => {
    const { outcome } = readAll(head("HTTP/1.0 503 Service Unavailable", ["Content-Length: 0"]));
    expect(outcome).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 503 });
  });

  test.each([204, 304])("status %p has no body to wait for", (status) => {
    expect(readAll(head(`HTTP/1.1 ${status} x`, ["Content-Length: 7"])).outcome).toMatchObject({ status, body: "" });
  });

  test("waits for the body that was stated", () => {
    const reader = new UpgradeResponseReader(EXPECTED);
    reader.read(head("HTTP/1.1 403 Forbidden", ["Content-Length: 3"]));
    expect([reader.outcome, reader.refused]).toEqual([null, true]);
    reader.read(utf8("no"));
    expect([reader.outcome, reader.refused]).toEqual([null, true]);
    reader.read(utf8("!?"));
    expect(reader.refused).toBe(false);
    expect(reader.outcome).toMatchObject({ body: "no!" });
  });

  test.each(["Content-Length: 1000000", "X: y"])("keeps no more of its body than maxBodySize: %p", (field) => {
    const answer = joined([head("HTTP/1.1 403 Forbidden", [field]), utf8("0123456789")]);
    expect(readAll(answer, { maxBodySize: 4 }).outcome).toMatchObject({ code: "HANDSHAKE_REFUSED", body: "0123" });
  });

  test("without a length ends with the connection", () => {
    const reader = new UpgradeResponseReader(EXPECTED);
    reader.read(joined([head("HTTP/1.1 403 Forbidden", []), utf8("because")]));
    expect(reader.outcome).toBeNull();
    reader.eof();
    expect(reader.outcome).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 403, body: "because" });
  });

  test("whose body is cut has what came of it", () => {
    const reader = new UpgradeResponseReader(EXPECTED);
    reader.read(joined([head("HTTP/1.1 403 Forbidden", ["Content-Length: 100"]), utf8("beca")]));
    reader.eof();
    expect(reader.outcome).toMatchObject({ code: "HANDSHAKE_REFUSED", body: "beca" });
  });

  test("behind an interim response", () => {
    const interim = head("HTTP/1.1 103 Early Hints", ["Link: </a>"]);
    const answer = joined([interim, head("HTTP/1.1 403 Forbidden", ["Content-Length: 2"]), utf8("no")]);
    expect(readAll(answer).outcome).toEqual({
      open: false,
      code: "HANDSHAKE_REFUSED",
      reason: "status 403",
      status: 403,
      headers: [["Content-Length", "2"]],
      body: "no",
    });
  });
});

describe("what is not HTTP", () => {
  test.each([
    "SSH-2.0-OpenSSH_9.6",
    "HTTP/2 101 Switching Protocols",
    "HTTP/1.2 101 x",
    "HTTP/1.1 10 x",
    "HTTP/1.1 1010 x",
    "HTTP/1.1  101 x",
    "HTTP/1.1 099 x",
    "http/1.1 101 x",
    " HTTP/1.1 101 x",
    "HTTP/1.1101 x",
    "",
  ])("the status line %p is refused as soon as it is there", (line) => {
    const start = utf8(`${line}\r\n`);
    const whole = joined([start, utf8(`${FIELDS.join("\r\n")}\r\n\r\n`)]);
    const expected = {
      open: false,
      code: "HANDSHAKE_MALFORMED",
      reason: expect.stringMatching(/^HTTP_(STATUS_LINE|VERSION): /),
      status: 0,
      headers: [],
      body: "",
    } as const;
    expect(readAll(whole).outcome).toEqual(expected);
    expect(readAll(start).outcome).toEqual(expected);
  });

  test("a 101 of HTTP/1.0, which cannot upgrade", () => {
    const outcome = readAll(head("HTTP/1.0 101 x", FIELDS)).outcome;
    expect(outcome).toMatchObject({ code: "HANDSHAKE_INVALID", reason: "the answer is not HTTP/1.1", status: 101 });
  });

  test.each(["99999999999999999999", "x", "1, 2"])("a body whose length is %p", (length) => {
    const outcome = readAll(head("HTTP/1.1 403 Forbidden", [`Content-Length: ${length}`])).outcome;
    expect(outcome).toMatchObject({ code: "HANDSHAKE_MALFORMED", status: 0 });
  });

  test("a field that breaks a rule", () => {
    const { outcome } = readAll(head("HTTP/1.1 101 x", [FIELDS[0]!, "Bad Name: x", FIELDS[1]!]));
    expect(outcome).toEqual({
      open: false,
      code: "HANDSHAKE_MALFORMED",
      reason: expect.stringMatching(/^HTTP_HEADER_NAME: .*at byte 39$/),
      status: 0,
      headers: [],
      body: "",
    });
  });

  test("a refusal in chunks: its body without them, whole as soon as the last one is there", () => {
    const body = utf8("6\r\nslow d\r\n3\r\nown\r\n0\r\n\r\n");
    const { outcome } = readAll(joined([head("HTTP/1.1 429 Slow", ["Transfer-Encoding: chunked"]), body]));
    expect(outcome).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 429, body: "slow down" });
  });

  test("a head over its limit", () => {
    const fields = Array.from({ length: 20 }, (_, at) => `X-${at}: ${"v".repeat(20)}`);
    const answer = head("HTTP/1.1 101 x", fields);
    expect(readAll(answer, { maxHeadSize: 200 }).outcome).toMatchObject({
      code: "HANDSHAKE_MALFORMED",
      reason: expect.stringMatching(/^HTTP_HEAD_TOO_LARGE: .*200 bytes/),
    });
    expect(readAll(answer, { maxHeadSize: answer.length - 1 }).outcome).toMatchObject({ code: "HANDSHAKE_MALFORMED" });
    expect(readAll(answer, { maxHeadSize: answer.length }).outcome).toMatchObject({ code: "HANDSHAKE_INVALID" });
  });

  test("a head over the default limit of 16 KiB", () => {
    const answer = head("HTTP/1.1 101 x", [...FIELDS, `X: ${"v".repeat(17_000)}`]);
    const reader = new UpgradeResponseReader(EXPECTED);
    reader.read(answer);
    expect(reader.outcome).toMatchObject({
      code: "HANDSHAKE_MALFORMED",
      reason: expect.stringMatching(/^HTTP_HEAD_TOO_LARGE: .*16384 bytes/),
    });
  });

  test("more than 128 fields", () => {
    const fields = Array.from({ length: 126 }, (_, at) => `X-${at}: 1`);
    const reader = new UpgradeResponseReader(EXPECTED);
    reader.read(head("HTTP/1.1 101 x", [...FIELDS, ...fields]));
    expect(reader.outcome).toMatchObject({
      code: "HANDSHAKE_MALFORMED",
      reason: expect.stringMatching(/^HTTP_TOO_MANY_HEADERS: .*over 128$/),
    });
  });

  test("interim responses without an end", () => {
    const interim = head("HTTP/1.1 103 Early Hints", ["Link: </a>"]);
    const flood = joined(Array.from({ length: 200 }, () => interim));
    const { outcome } = readAll(flood, { maxHeadSize: 100, maxBodySize: 50 });
    expect(outcome).toMatchObject({
      open: false,
      code: "HANDSHAKE_MALFORMED",
      reason: expect.stringMatching(/^HTTP_TOO_MANY_INFORMATIONAL: /),
    });
  });
});

describe("a connection that ends", () => {
  test.each([
    ["before anything came", ""],
    ["within the status line", "HTTP/1.1 10"],
    ["within the head", `HTTP/1.1 101 x\r\n${FIELDS[0]}\r\n`],
    ["behind an interim response", "HTTP/1.1 100 Continue\r\n\r\n"],
  ])("%s", (_, text) => {
    const reader = new UpgradeResponseReader(EXPECTED);
    reader.read(utf8(text));
    expect(reader.outcome).toBeNull();
    reader.eof();
    expect(reader.outcome).toMatchObject({
      open: false,
      code: "HANDSHAKE_CUT",
      reason: `the connection ended after ${text.length} bytes`,
      status: 0,
      body: "",
    });
  });
});

function opened(fields: readonly string[]): UpgradeOutcome | null {
  return readAll(head("HTTP/1.1 101 Switching Protocols", fields)).outcome;
}

function head(line: string, fields: readonly string[]): Uint8Array {
  return utf8(`${[line, ...fields].join("\r\n")}\r\n\r\n`);
}

function pair(field: string): [string, string] {
  const colon = field.indexOf(":");
  return [field.slice(0, colon), field.slice(colon + 1).trim()];
}

/** What comes of `bytes`, which must be the same for every split. */
function readAll(bytes: Uint8Array, change: Partial<UpgradeExpectation> = {}): Reading {
  let first: Reading | null = null;
  for (const chunks of splitsOf(bytes)) {
    const reader = new UpgradeResponseReader({ ...EXPECTED, ...change });
    let taken = 0;
    for (const chunk of chunks) {
      if (reader.outcome === null) taken += reader.read(chunk);
    }
    const reading = { outcome: reader.outcome, rest: reader.outcome?.open ? bytes.length - taken : 0 };
    first ??= reading;
    if (!Bun.deepEquals(reading, first)) {
      expect({ chunks: chunks.map((chunk) => chunk.length), reading }).toEqual({
        chunks: [bytes.length],
        reading: first,
      });
    }
  }
  return first ?? { outcome: null, rest: 0 };
}
