import { expect, test } from "bun:test";
import { renderHead, renderLastAnswer, unknownAnswer, venueAnswer } from "../../../examples/exchange/answer.ts";

test("a last answer tells the length of its body in bytes, and 429 when to come back", () => {
  const [head = "", body = ""] = renderLastAnswer(venueAnswer(429)).split("\r\n\r\n");
  expect(head).toStartWith("HTTP/1.1 429 Too Many Requests\r\n");
  expect(head).toContain("\r\nRetry-After: 5");
  expect(head).toContain("\r\nConnection: close");
  expect(head).toContain(`\r\nContent-Length: ${body.length}`);
  expect(JSON.parse(body).code).toBe(-1003);
  expect(renderLastAnswer({ status: 400, body: "né" })).toContain("Content-Length: 3\r\n");
});

test.each([401, 403, 418, 429, 500, 502, 503, 504])("%d has a code and a sentence", (status) => {
  expect(JSON.parse(venueAnswer(status).body)).toEqual({ code: expect.any(Number), msg: expect.any(String) });
});

test("what is not known is told as the venue tells it", () => {
  expect(JSON.parse(unknownAnswer(503).body).code).toBe(-1000);
  expect(JSON.parse(unknownAnswer(504).body).code).toBe(-1007);
});

test("a status without a name of its own has a reason nevertheless", () => {
  expect(renderHead(299, {})).toBe("HTTP/1.1 299 Status\r\n\r\n");
});
