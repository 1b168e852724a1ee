import { expect, test } from "bun:test";
import { type HttpRequest, listsToken, RequestParser } from "../../../examples/exchange/request-parser.ts";

const POST =
  "POST /api/v3/order?symbol=BTCUSDT&x=%20?y HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-MBX-APIKEY:  key \r\n\r\nside=";
const GET = "GET /api/v3/time HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive, foo;q=1\r\n\r\n";

function parse(text: string, portion = text.length): { requests: HttpRequest[]; refusal: number | null } {
  const parser = new RequestParser();
  const requests: HttpRequest[] = [];
  const bytes = Buffer.from(text, "latin1");
  for (let start = 0; start < bytes.length; start += portion) {
    parser.push(bytes.subarray(start, start + portion));
    for (let request = parser.next(); request !== null; request = parser.next()) requests.push(request);
  }
  return { requests, refusal: parser.refusal?.status ?? null };
}

test.each([1, 2, 3, 7, 64, 10_000])("requests one behind the other, %d bytes at a time", (portion) => {
  const { requests, refusal } = parse(`\r\n${POST}${GET}\r\n\r\n${GET}`, portion);
  expect(refusal).toBeNull();
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/v3/order",
    "GET /api/v3/time",
    "GET /api/v3/time",
  ]);
  expect(requests[0]?.query).toBe("symbol=BTCUSDT&x=%20?y");
  expect(requests[0]?.headers.get("x-mbx-apikey")).toBe("key");
  expect(Buffer.from(requests[0]?.body ?? []).toString()).toBe("side=");
  expect([requests[1]?.query, requests[1]?.body.length]).toEqual(["", 0]);
});

test("a list names its tokens, whatever their case and parameters", () => {
  const [request] = parse(GET).requests;
  if (request === undefined) throw new Error("not parsed");
  const named = ["keep-alive", "foo", "close"].map((token) => listsToken(request, "connection", token));
  expect(named).toEqual([true, true, false]);
});

test.each<[why: string, text: string, status: number]>([
  ["no request line", "hello\r\n\r\n", 400],
  ["no path", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["an older version", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 505],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400],
  ["a line without a colon", "GET / HTTP/1.1\r\nHost a\r\n\r\n", 400],
  ["a bare LF", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400],
  ["two lengths", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
  ["a length that is none", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400],
  ["a length and chunks", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400],
  ["chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501],
  ["a large body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413],
  ["a large head", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(17_000)}`, 431],
])("%s is refused", (_, text, status) => {
  for (const portion of [text.length, 1]) expect(parse(`${GET}${text}`, portion)).toMatchObject({ refusal: status });
  expect(parse(`${text}${GET}`).requests).toEqual([]);
});

test("one length told twice is one length", () => {
  const text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok";
  expect(parse(text).requests).toHaveLength(1);
});

test("a client that waits for a 100 gets it once, and none when its body is there already", () => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  const parser = new RequestParser();
  parser.push(Buffer.from(head));
  expect([parser.next(), parser.takeExpectation(), parser.takeExpectation()]).toEqual([null, true, false]);
  parser.push(Buffer.from("ok"));
  expect(parser.next()?.method).toBe("POST");
  parser.push(Buffer.from(`${head}o`));
  expect([parser.next(), parser.takeExpectation()]).toEqual([null, false]);
});

test("what is behind a request can be taken as it is", () => {
  const parser = new RequestParser();
  parser.push(Buffer.from(`${GET}frames`));
  parser.next();
  expect(Buffer.from(parser.takeRest()).toString()).toBe("frames");
  expect(parser.waiting).toBe(0);
});
