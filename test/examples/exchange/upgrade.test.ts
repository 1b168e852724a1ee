import { expect, test } from "bun:test";
import { type HttpRequest, RequestParser } from "../../../examples/exchange/request-parser.ts";
import { renderAcceptance, upgradeRefusal } from "../../../examples/exchange/upgrade.ts";

// The request of RFC 6455 section 1.3.
const HEAD =
  "GET /ws/btcusdt@trade?timeUnit=MICROSECOND HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: WebSocket\r\n" +
  "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13";

function parse(head: string): HttpRequest {
  const parser = new RequestParser();
  parser.push(Buffer.from(`${head}\r\n\r\n`));
  const request = parser.next();
  if (request === null) throw new Error(`Not parsed: ${head}`);
  return request;
}

function refusalStatus(head: string): number {
  return upgradeRefusal(parse(head))?.status ?? 101;
}

test("the RFC's own request is accepted with the RFC's own answer", () => {
  const request = parse(HEAD);
  expect(upgradeRefusal(request)).toBeNull();
  expect(renderAcceptance(request)).toContain("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
});

test("what is no upgrade is refused", () => {
  expect(refusalStatus(HEAD)).toBe(101);
  expect(refusalStatus(HEAD.replace("GET", "POST"))).toBe(400);
  expect(refusalStatus(HEAD.replace("Upgrade: WebSocket", "Upgrade: h2c"))).toBe(400);
  expect(refusalStatus(HEAD.replace("keep-alive, Upgrade", "keep-alive"))).toBe(400);
  expect(refusalStatus(HEAD.replace("Version: 13", "Version: 8"))).toBe(426);
  expect(refusalStatus(HEAD.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="))).toBe(400);
});
