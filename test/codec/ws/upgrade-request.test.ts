import { describe, expect, test } from "bun:test";
import { type UpgradeRequest, upgradeRequestText } from "../../../src/codec/ws/upgrade-request.ts";

const REQUEST: UpgradeRequest = {
  authority: "server.example.com",
  target: "/chat",
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  protocols: [],
  headers: [],
};

describe("the request's text", () => {
  test("is the handshake of RFC 6455 section 1.3", () => {
    expect(
      upgradeRequestText({ ...REQUEST, protocols: ["chat", "superchat"], headers: [["Origin", "http://example.com"]] }),
    ).toBe(
      [
        "GET /chat HTTP/1.1",
        "Host: server.example.com",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: chat, superchat",
        "Origin: http://example.com",
        "",
        "",
      ].join("\r\n"),
    );
  });

  test("offers no subprotocol where there is none", () => {
    expect(upgradeRequestText(REQUEST)).not.toContain("Sec-WebSocket-Protocol");
  });

  test.each([
    "example.com",
    "example.com:8443",
    "127.0.0.1:1",
    "[::1]",
    "[2001:db8::1]:9443",
    "xn--bcher-kva.example",
    "a_b.internal",
  ])("has Host: %s", (authority) => {
    expect(lines({ authority })[1]).toBe(`Host: ${authority}`);
  });

  test.each([
    "/",
    "/ws/btcusdt@depth",
    "/stream?streams=btcusdt@trade/ethusdt@trade",
    "/a%20b?c=%C3%A4&d[]=1",
    "/~x;v=1,2",
  ])("asks for %s", (target) => {
    expect(lines({ target })[0]).toBe(`GET ${target} HTTP/1.1`);
  });

  test("keeps the user's fields in order and case, repeated ones too, behind ours", () => {
    const headers = [
      ["x-second", "2"],
      ["X-First", "1"],
      ["X-API-KEY", "a b\tc"],
      ["x-second", ""],
      ["Cookie", "k=\u00e9\u00ff"],
    ] as const;
    expect(lines({ headers }).slice(6)).toEqual([
      "x-second: 2",
      "X-First: 1",
      "X-API-KEY: a b\tc",
      "x-second: ",
      "Cookie: k=\u00e9\u00ff",
      "",
      "",
    ]);
  });

  test("has one Host: the user's, in the user's place, where there is one", () => {
    const text = lines({ headers: [["hOsT", "other.example"]] });
    expect(text.filter((line) => /^host:/i.test(line))).toEqual(["hOsT: other.example"]);
  });
});

describe("what must not go on the wire is refused", () => {
  const refused: (readonly [why: string, change: Partial<UpgradeRequest>, detail: string])[] = [
    ["a target with a space", { target: "/a b" }, "percent-encoded"],
    ["a target that ends the line", { target: "/a\r\nX: y" }, "percent-encoded"],
    ["a target with a line feed at its end", { target: "/a\n" }, "percent-encoded"],
    ["a target with a fragment", { target: "/a#b" }, "percent-encoded"],
    ["a target over ASCII", { target: "/\u00e4" }, "percent-encoded"],
    ["a target with quotes", { target: '/"' }, "percent-encoded"],
    ["a target in absolute form", { target: "ws://example.com/" }, "percent-encoded"],
    ["an empty target", { target: "" }, "percent-encoded"],
    ["an authority that ends the line", { authority: "example.com\r\nX: y" }, "not a host and port"],
    ["an authority with a line feed at its end", { authority: "example.com\n" }, "not a host and port"],
    ["an authority with a space", { authority: "a b" }, "not a host and port"],
    ["an authority with a path", { authority: "example.com/x" }, "not a host and port"],
    ["an authority with a login", { authority: "me@example.com" }, "not a host and port"],
    ["an authority over ASCII", { authority: "b\u00fccher.example" }, "not a host and port"],
    ["an empty authority", { authority: "" }, "not a host and port"],
    ["a key that ends the line", { key: "dGhlIHNhbXBsZSBub25jZQ==\r\nX: y" }, "16 bytes in base64"],
    ["a key with a line feed at its end", { key: "dGhlIHNhbXBsZSBub25jZQ==\n" }, "16 bytes in base64"],
    ["a key that is too short", { key: "dGhlIHNhbXBsZSBub25j" }, "16 bytes in base64"],
    ["a key in base64url", { key: "dGhlIHNhbXBsZSBub25jZ_-=" }, "16 bytes in base64"],
    ["a subprotocol that ends the line", { protocols: ["a\r\nX: y"] }, "not a token"],
    ["a subprotocol that is a list", { protocols: ["a,b"] }, "not a token"],
    ["an empty subprotocol", { protocols: [""] }, "not a token"],
    ["a subprotocol twice", { protocols: ["a", "b", "a"] }, "offered twice"],
    ["a name that ends the line", { headers: [["X\r\nY", "1"]] }, "not a token"],
    ["a name with a colon", { headers: [["X:", "1"]] }, "not a token"],
    ["a name with a space", { headers: [["X ", "1"]] }, "not a token"],
    ["an empty name", { headers: [["", "1"]] }, "not a token"],
    ["a name over ASCII", { headers: [["Upgr\u0430de", "1"]] }, "not a token"],
    [
      "Host twice",
      {
        headers: [
          ["Host", "a"],
          ["host", "b"],
        ],
      },
      "Host is given twice",
    ],
    ...["\r", "\n", "\r\nX: y", "\u0000", "\u001f", "\u007f"].map(
      (char) =>
        [`a value with ${JSON.stringify(char)}`, { headers: [["X", `a${char}b`]] }, "control character"] as const,
    ),
    ["a value over U+00FF", { headers: [["X", "\u20ac"]] }, "over U+00FF"],
    ["a value with half a surrogate pair", { headers: [["X", "\ud800"]] }, "over U+00FF"],
    ["a value that begins with a space", { headers: [["X", " a"]] }, "white space around it"],
    ["a value that ends with a tab", { headers: [["X", "a\t"]] }, "white space around it"],
    ...[
      "Upgrade",
      "CONNECTION",
      "sec-websocket-key",
      "Sec-WebSocket-Version",
      "Sec-WebSocket-Protocol",
      "Sec-WebSocket-Extensions",
      "Sec-WebSocket-Accept",
      "Content-Length",
      "Transfer-Encoding",
    ].map((name) => [`the handshake's own ${name}`, { headers: [[name, "1"]] }, "belongs to the handshake"] as const),
  ];

  test.each(refused.map(([why, change, detail]) => ({ why, change, detail })))("$why", ({ change, detail }) => {
    expect(() => upgradeRequestText({ ...REQUEST, ...change })).toThrow(
      expect.objectContaining({
        name: "UsageError",
        code: "HANDSHAKE_REQUEST_INVALID",
        message: expect.stringMatching(new RegExp(`^Cannot open WebSocket: .*${detail.replace("+", "\\+")}`)),
      }),
    );
  });

  test("and a value is not shown: it may be a secret", () => {
    const message = messageOf(() => upgradeRequestText({ ...REQUEST, headers: [["X-API-KEY", "hunter2\n"]] }));
    expect(message).toContain("X-API-KEY");
    expect(message).not.toContain("hunter2");
  });
});

function lines(change: Partial<UpgradeRequest>): string[] {
  return upgradeRequestText({ ...REQUEST, ...change }).split("\r\n");
}

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "";
}
