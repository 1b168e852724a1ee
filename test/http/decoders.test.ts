import { describe, expect, test } from "bun:test";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import type { ProtocolError } from "../../src/codec/errors.ts";
import { contentDecoders } from "../../src/http/decoders.ts";
import { pattern } from "../helpers/bytes.ts";
import { failureOf, wireClient } from "./support.ts";

const CODINGS: readonly [coding: string, encode: (bytes: Uint8Array) => Uint8Array][] = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
];

async function exchange(coding: string, body: Uint8Array, options: object = {}) {
  const { client, wire } = await wireClient({}, { decoders: contentDecoders, ...options });
  const sent = client.get();
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`;
  wire.deliver(Buffer.concat([Buffer.from(head), body]));
  return { client, sent };
}

describe.each(CODINGS)("%s", (coding, encode) => {
  test.each([0, 1, 20, 100_000])("%i bytes", async (size) => {
    const { client, sent } = await exchange(coding, encode(pattern(size)));
    const response = await sent;
    expect(Buffer.compare(response.bodyBytes(), pattern(size))).toBe(0);
    expect(response.header("content-encoding")).toBe(coding);
    expect(client.connection.isReusable).toBe(true);
  });

  test("up to maxBodySize, and not a byte more", async () => {
    const fits = await exchange(coding, encode(pattern(5000)), { maxBodySize: 5000 });
    expect((await fits.sent).bodyLength).toBe(5000);
    const over = await exchange(coding, encode(new Uint8Array(5001)), { maxBodySize: 5000 });
    const error = await failureOf(over.sent);
    expect([error.code, error.progress, (error.cause as ProtocolError).code]).toEqual([
      "REQUEST_BAD_RESPONSE",
      "response-started",
      "HTTP_BODY_TOO_LARGE",
    ]);
    expect(over.client.standing).toBe("closed, told 1");
  });

  test("a bomb is given up while it inflates", async () => {
    const bomb = encode(new Uint8Array(64 << 20));
    const before = process.memoryUsage.rss();
    const { sent } = await exchange(coding, bomb, { maxBodySize: 1 << 20 });
    expect(((await failureOf(sent)).cause as ProtocolError).code).toBe("HTTP_BODY_TOO_LARGE");
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 << 20);
  });

  test.each([
    ["cut", (bytes: Uint8Array) => bytes.subarray(0, -3)],
    ["garbage", () => Buffer.from("not compressed at all")],
  ])("%s is refused", async (_, spoil) => {
    const { client, sent } = await exchange(coding, spoil(encode(pattern(1000))));
    const error = await failureOf(sent);
    expect((error.cause as ProtocolError).code).toBe("HTTP_CONTENT_CODING");
    expect(client.standing).toBe("closed, told 1");
  });
});

test("several codings are undone, the last first", async () => {
  const { sent } = await exchange("deflate, gzip", gzipSync(deflateSync("twice")));
  expect((await sent).bodyText()).toBe("twice");
});

test("one that is unknown is refused, identity is none", async () => {
  const { sent } = await exchange("zstd", Buffer.from("x"));
  expect(((await failureOf(sent)).cause as ProtocolError).message).toContain('"zstd" has no decoder');
  expect((await (await exchange("identity", Buffer.from("x"))).sent).bodyText()).toBe("x");
});

test("without decoders, and streamed, a body comes as it was sent", async () => {
  const zipped = gzipSync("text");
  const plain = await exchange("gzip", zipped, { decoders: null });
  expect(Buffer.compare((await plain.sent).bodyBytes(), zipped)).toBe(0);
  const { client, wire } = await wireClient({}, { decoders: contentDecoders });
  const sent = client.connection.send(client.writer.get("/").finish(), client.reader, { stream: true });
  wire.deliver(
    Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`),
      zipped,
    ]),
  );
  for await (const piece of (await sent).stream()) expect(Buffer.compare(piece, zipped)).toBe(0);
});
