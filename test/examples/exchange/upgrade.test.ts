import { expect, test } from "bun:test";
import {
  parseRequestHead,
  renderAcceptance,
  renderRefusal,
  upgradeRefusal,
  venueRefusal,
} from "../../../examples/exchange/upgrade.ts";

// The request of RFC 6455 section 1.3.
const HEAD =
  "GET /ws/btcusdt@trade?timeUnit=MICROSECOND HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: WebSocket\r\n" +
  "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13";

function refusalStatus(head: string): number | null {
  const request = parseRequestHead(head);
  return request === null ? null : (upgradeRefusal(request)?.status ?? 101);
}

test("the RFC's own request is accepted with the RFC's own answer", () => {
  const request = parseRequestHead(HEAD);
  if (request === null) throw new Error("not parsed");
  expect(request.url.pathname).toBe("/ws/btcusdt@trade");
  expect(request.url.searchParams.get("timeUnit")).toBe("MICROSECOND");
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

test("what is no request is no request", () => {
  expect(parseRequestHead("hello")).toBeNull();
  expect(parseRequestHead("GET / HTTP/1.0")).toBeNull();
  expect(parseRequestHead("GET http://a/ HTTP/1.1")).toBeNull();
  expect(parseRequestHead("GET / HTTP/1.1\r\nno colon")).toBeNull();
});

test("a refusal tells the length of its body, and 429 when to come back", () => {
  const text = renderRefusal(venueRefusal(429));
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(head).toStartWith("HTTP/1.1 429 Too Many Requests\r\n");
  expect(head).toContain("\r\nRetry-After: 5");
  expect(head).toContain(`\r\nContent-Length: ${body.length}`);
  expect(JSON.parse(body).code).toBe(-1003);
});
