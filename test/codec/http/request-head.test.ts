import { expect, test } from "bun:test";
import type { RequestHead } from "../../../src/codec/http/request-head.ts";
import { RequestReader } from "../../../src/codec/http/request-reader.ts";
import { headOf } from "./upgrade-vectors.ts";

function requestOf(line: string, fields: readonly string[] = []): RequestHead {
  const reader = new RequestReader();
  reader.read(new Uint8Array(Buffer.from(headOf(line, fields), "latin1")));
  const request = reader.next();
  if (request === null) throw new Error(`no request: ${reader.failure?.code}`);
  return request;
}

test.each([
  ["/", "/", ""],
  ["/a%20b/c?d=e?&f", "/a%20b/c", "d=e?&f"],
  ["/a?", "/a", ""],
  ["?a", "", "a"],
])("the target %p has the path %p and the query %p", (target, path, query) => {
  const request = requestOf(`GET ${target} HTTP/1.1`);
  expect([request.target, request.path, request.query]).toEqual([target, path, query]);
});

test("fields are found whatever the case of their names, repeated ones in order", () => {
  const request = requestOf("GET / HTTP/1.1", ["A: 1", "b: 2", "a: 3", "c:"]);
  expect([request.header("a"), request.header("B"), request.header("C"), request.header("d")]).toEqual([
    "1",
    "2",
    "",
    null,
  ]);
  expect([request.values("A"), request.values("d")]).toEqual([["1", "3"], []]);
});

test("it owns its data: the chunk may be written over", () => {
  const bytes = new Uint8Array(Buffer.from(headOf("GET /a HTTP/1.1", ["A: 1"])));
  const reader = new RequestReader();
  reader.read(bytes);
  const request = reader.next();
  bytes.fill(0);
  expect([request?.target, request?.headers]).toEqual(["/a", [["A", "1"]]]);
});
