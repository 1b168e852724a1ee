import { expect, test } from "bun:test";
import type { HttpRequest } from "../../../../examples/exchange/request-parser.ts";
import { KeyRing } from "../../../../examples/exchange/rest/keys.ts";
import { Parameters } from "../../../../examples/exchange/rest/parameters.ts";
import { checkSignature, signedPayload } from "../../../../examples/exchange/rest/signature.ts";
import { VenueError } from "../../../../examples/exchange/rest/venue-error.ts";

// The examples of the venue's documentation: parameters in the query, in the body, and in both.
const SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const QUERY = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC";
const BODY = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
const WHOLE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71";
const MIXED = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77";
const NOW = 1_499_827_319_559;

const keys = new KeyRing([{ apiKey: "key", secret: SECRET }]);

function codeOf(query: string, body: string, now = NOW, apiKey = "key"): number {
  const headers = new Map(apiKey === "" ? [] : [["x-mbx-apikey", apiKey]]);
  const request: HttpRequest = { method: "POST", path: "/", query, headers, body: Buffer.from(body) };
  try {
    checkSignature(request, new Parameters(request), keys, now);
    return 0;
  } catch (error) {
    if (!(error instanceof VenueError)) throw error;
    return JSON.parse(error.answer.body).code;
  }
}

test("the venue's own examples: all in the query, all in the body, and some in each", () => {
  expect(codeOf(`${QUERY}&${BODY}&signature=${WHOLE}`, "")).toBe(0);
  expect(codeOf("", `${QUERY}&${BODY}&signature=${WHOLE}`)).toBe(0);
  expect(codeOf(QUERY, `${BODY}&signature=${MIXED}`)).toBe(0);
});

test("the signature is over the bytes as they were sent, without itself wherever it stands", () => {
  const payload = (query: string, body: string): string =>
    Buffer.from(signedPayload({ query, body: Buffer.from(body) })).toString();
  expect(payload("a=1&signature=x&b=2", "")).toBe("a=1&b=2");
  expect(payload("signature=x&a=1", "c=3&signature=y")).toBe("a=1c=3");
  expect(payload("a=%20+&a=2", "é=1")).toBe("a=%20+&a=2é=1");
  expect(codeOf(`${QUERY.replace("BUY", "SELL")}&${BODY}&signature=${WHOLE}`, "")).toBe(-1022);
  expect(codeOf(`signature=${WHOLE}&${QUERY}&${BODY}`, "")).toBe(0);
});

test("the key must be there, and be known", () => {
  expect(codeOf(`${QUERY}&${BODY}&signature=${WHOLE}`, "", NOW, "")).toBe(-2014);
  expect(codeOf(`${QUERY}&${BODY}&signature=${WHOLE}`, "", NOW, "other")).toBe(-2015);
});

test.each<[later: number, code: number]>([
  [5_000, 0],
  [5_001, -1021],
  [-999, 0],
  [-1_000, -1021],
])("received %d ms after its timestamp: %d", (later, code) => {
  expect(codeOf(`${QUERY}&${BODY}&signature=${WHOLE}`, "", NOW + later)).toBe(code);
});

test("time and signature are mandatory, and the window has a limit", () => {
  expect(codeOf(`${QUERY}&signature=${WHOLE}`, "")).toBe(-1102);
  expect(codeOf("timestamp=1499827319559", "")).toBe(-1102);
  expect(codeOf("timestamp=now&signature=x", "")).toBe(-1100);
  expect(codeOf("timestamp=1499827319559&recvWindow=60001&signature=x", "")).toBe(-1131);
});
