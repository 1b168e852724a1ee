import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../src/codec/errors.ts";
import type { HeaderPairs } from "../../../src/codec/http/head.ts";
import { acceptanceFields, acceptanceText, refusalText } from "../../../src/codec/ws/upgrade-answer.ts";
import { UpgradeResponseReader } from "../../../src/codec/ws/upgrade-response.ts";

const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const PLAIN = { accept: ACCEPT, protocol: "", extensions: "", headers: [] };

const FORGED: readonly [why: string, header: readonly [string, string]][] = [
  ["a line break in its value", ["X-A", "1\r\nX-B: 2"]],
  ["a bare CR in its value", ["X-A", "1\rX-B: 2"]],
  ["a bare LF in its value", ["X-A", "1\nX-B: 2"]],
  ["a NUL in its value", ["X-A", "\0"]],
  ["a character over U+00FF in its value", ["X-A", "€"]],
  ["white space around its value", ["X-A", " 1"]],
  ["a line break in its name", ["X-A: 1\r\nX-B", "2"]],
  ["a space in its name", ["X A", "1"]],
  ["no name", ["", "1"]],
  ["the name of a field that is ours", ["connection", "close"]],
  ["a length", ["Content-Length", "0"]],
];

describe("an acceptance", () => {
  test("is the answer of RFC 6455 section 1.3", () => {
    expect(acceptanceText(acceptanceFields({ ...PLAIN, protocol: "chat" }))).toBe(
      [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${ACCEPT}`,
        "Sec-WebSocket-Protocol: chat",
        "",
        "",
      ].join("\r\n"),
    );
  });

  test("has the user's fields behind, in order and case, and the extension", () => {
    const headers: HeaderPairs = [
      ["X-b", "1"],
      ["Set-Cookie", "a=b"],
      ["x-B", ""],
    ];
    const fields = acceptanceFields({ ...PLAIN, extensions: "permessage-deflate", headers });
    expect(fields.slice(3)).toEqual([["Sec-WebSocket-Extensions", "permessage-deflate"], ...headers]);
  });

  test("is taken by the client's reader", () => {
    const reader = new UpgradeResponseReader({ accept: ACCEPT, protocols: ["chat"] });
    reader.read(Buffer.from(acceptanceText(acceptanceFields({ ...PLAIN, protocol: "chat" }))));
    expect(reader.outcome).toMatchObject({ open: true, protocol: "chat" });
  });

  test.each(FORGED)("refuses a field with %s", (_, header) => {
    expectInvalid(() => acceptanceFields({ ...PLAIN, headers: [header] }));
  });

  test.each([
    "Upgrade",
    "Sec-WebSocket-Accept",
    "sec-websocket-protocol",
    "Sec-WebSocket-Extensions",
    "Transfer-Encoding",
  ])("refuses the field %s, which is its own", (name) => {
    expectInvalid(() => acceptanceFields({ ...PLAIN, headers: [[name, "x"]] }));
  });
});

describe("a refusal", () => {
  test("ends the connection, and says how long its body is", () => {
    expect(refusalText(403, [["X-a", "1"]], 5)).toBe(
      [
        "HTTP/1.1 403 Forbidden",
        "Connection: close",
        "Content-Length: 5",
        "Content-Type: text/plain; charset=utf-8",
        "X-a: 1",
        "",
        "",
      ].join("\r\n"),
    );
  });

  test("leaves the type to the user, and out where there is no body", () => {
    expect(refusalText(401, [["content-type", "application/json"]], 2)).not.toContain("text/plain");
    expect(refusalText(401, [], 0)).not.toContain("Content-Type");
  });

  test("with 426 lists Upgrade among the connection's options (RFC 9110 section 7.8)", () => {
    expect(refusalText(426, [["Upgrade", "websocket"]], 0)).toContain("\r\nConnection: close, Upgrade\r\n");
  });

  test("of a status without a known phrase goes without one", () => {
    expect(refusalText(418, [], 0)).toStartWith("HTTP/1.1 418 \r\n");
  });

  test.each([0, 100, 101, 200, 204, 299, 600, 400.5, Number.NaN])("refuses the status %p", (status) => {
    expectInvalid(() => refusalText(status, [], 0));
  });

  test.each(FORGED)("refuses a field with %s", (_, header) => {
    expectInvalid(() => refusalText(403, [header], 0));
  });
});

function expectInvalid(make: () => unknown): void {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).code).toBe("UPGRADE_DECISION_INVALID");
    return;
  }
  throw new Error("it was not refused");
}
