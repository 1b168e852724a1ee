import { expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { HttpConnection } from "../../src/http/connection.ts";
import { type HttpTarget, httpTarget } from "../../src/http/target.ts";
import { rejection } from "../socket/support.ts";

const TARGETS: readonly [url: string, target: HttpTarget][] = [
  ["http://h", { secure: false, hostname: "h", port: 80, origin: "http://h" }],
  ["https://h/path?query#fragment", { secure: true, hostname: "h", port: 443, origin: "https://h" }],
  ["http://h:8080", { secure: false, hostname: "h", port: 8080, origin: "http://h:8080" }],
  ["https://h:443", { secure: true, hostname: "h", port: 443, origin: "https://h" }],
  ["http://[::1]:81/", { secure: false, hostname: "[::1]", port: 81, origin: "http://[::1]:81" }],
  ["https://user:secret@h", { secure: true, hostname: "h", port: 443, origin: "https://h" }],
  ["HTTP://EXAMPLE.com", { secure: false, hostname: "example.com", port: 80, origin: "http://example.com" }],
];
test.each(TARGETS)("%s", (url, target) => {
  expect(httpTarget(url)).toEqual(target);
  expect(httpTarget(new URL(url))).toEqual(target);
});

test.each(["", "h", "ws://h", "ftp://h", "http://", "http://h:99999", "file:///etc/passwd", "//h"])(
  "%p is no target",
  async (url) => {
    const error = await rejection(HttpConnection.connect(url), UsageError);
    expect(error.code).toBe("URL_INVALID");
  },
);

test("what it says shows no login", () => {
  expect(() => httpTarget("ftp://user:secret@h/p")).toThrow("Cannot connect: ftp://h is not an http: or https: URL");
});
