import { describe, expect, test } from "bun:test";
import { ChunkWriter } from "../../../src/codec/http/chunk-writer.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import { WriteBuffer } from "../../../src/codec/write-buffer.ts";

const chunks = new ChunkWriter();

test("data in chunks, and their end", () => {
  expect(written((out) => chunks.chunk(out, "hello"))).toBe("5\r\nhello\r\n");
  expect(written((out) => chunks.chunk(out, Buffer.from("x".repeat(26))))).toBe(`1a\r\n${"x".repeat(26)}\r\n`);
  expect(written((out) => chunks.last(out))).toBe("0\r\n\r\n");
  expect(written((out) => chunks.begin(out, 0x12ab))).toBe("12ab\r\n");
  expect(written((out) => chunks.begin(out, Number.MAX_SAFE_INTEGER))).toBe("1fffffffffffff\r\n");
  expect(written((out) => chunks.end(out))).toBe("\r\n");
});

test("no data is no chunk, which would end the body", () => {
  expect(written((out) => chunks.chunk(out, ""))).toBe("");
  expect(written((out) => chunks.chunk(out, new Uint8Array(0)))).toBe("");
  for (const length of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
    expect(() => chunks.begin(new WriteBuffer(64), length)).toThrow(
      expect.objectContaining({ code: "REQUEST_BODY_INVALID" }),
    );
  }
});

test("text of every length, also where UTF-8 makes the size a digit longer", () => {
  for (const unit of ["a", "é", "€", "\u{1f600}", "\ud800"]) {
    for (let length = 1; length < 300; length++) {
      const text = unit.repeat(length).slice(0, length);
      const bytes = Buffer.from(text.toWellFormed());
      const expected = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
      const out = new WriteBuffer(8);
      out.append(Buffer.from("before"));
      chunks.chunk(out, text);
      expect(Buffer.compare(out.bytes.subarray(6, out.tail), expected)).toBe(0);
    }
  }
});

describe("trailers", () => {
  test("stand behind the last chunk", () => {
    const text = written((out) =>
      chunks.last(out, [
        ["X-Sum", "7"],
        ["X-Name", "\xe4"],
      ]),
    );
    expect(text).toBe("0\r\nX-Sum: 7\r\nX-Name: \xe4\r\n\r\n");
  });

  const refused: readonly (readonly [name: string, value: string, code: string])[] = [
    ["X\r\nY", "1", "REQUEST_HEADER_INVALID"],
    ["", "1", "REQUEST_HEADER_INVALID"],
    ["X", "1\r\nY: 2", "REQUEST_HEADER_INVALID"],
    ["X", "\0", "REQUEST_HEADER_INVALID"],
    ["X", "€", "REQUEST_HEADER_INVALID"],
    ["Content-Length", "1", "REQUEST_HEADER_RESERVED"],
    ["transfer-encoding", "chunked", "REQUEST_HEADER_RESERVED"],
    ["HOST", "a", "REQUEST_HEADER_RESERVED"],
  ];
  test.each(refused)("%j: %j", (name, value, code) => {
    const out = new WriteBuffer(64);
    expect(() => chunks.last(out, [[name, value]])).toThrow(expect.objectContaining({ code }));
    expect(out.length).toBe(0);
  });
});

test("what is written can be read", () => {
  const out = new WriteBuffer(64);
  out.append(Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const parts = ["a", "", "é".repeat(200), new Uint8Array(300).fill(0x62)];
  for (const part of parts) chunks.chunk(out, part);
  chunks.last(out, [["Sum", "9"]]);
  const reader = new ResponseReader();
  reader.expect("GET");
  reader.read(out.bytes.subarray(out.head, out.tail));
  const response = reader.next();
  expect(response?.bodyText()).toBe(`a${"é".repeat(200)}${"b".repeat(300)}`);
  expect(response?.trailer("sum")).toBe("9");
});

function written(write: (out: WriteBuffer) => void): string {
  const out = new WriteBuffer(8);
  write(out);
  return Buffer.from(out.bytes.subarray(out.head, out.tail)).toString("latin1");
}
