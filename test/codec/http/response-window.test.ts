import { afterEach, describe, expect, test } from "bun:test";
import { memoryOver } from "../../../src/codec/byte-ring.ts";
import type { Response } from "../../../src/codec/http/response.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import { RESPONSE_PLACES, ResponseWindow } from "../../../src/codec/http/response-window.ts";
import { BODIES, CHUNKS, INTERIMS, PERSISTENCE } from "./response-vectors.ts";

const open: Worker[] = [];
afterEach(() => {
  for (const worker of open.splice(0)) worker.terminate();
});

describe("a window", () => {
  const cases = [...BODIES, ...CHUNKS, ...INTERIMS, ...PERSISTENCE];
  test.each(cases)("shows what its reader read: %s", (_why, each) => {
    const memory = sharedBytes(4096);
    const window = new ResponseWindow(memory);
    const reader = new ResponseReader({ ...each.options, memory: memoryOver(memory) });
    const bytes = Buffer.from(each.text, "latin1");
    // Cut in two, so that chunks are moved; and again and again, so that the head's layout is known.
    for (const cut of [bytes.length, bytes.length >> 1, 1, bytes.length, bytes.length]) {
      reader.reset();
      reader.expect(each.method ?? "GET", { upgrade: each.upgrade === true });
      reader.read(bytes.subarray(0, cut));
      let response = reader.next();
      if (cut < bytes.length) reader.read(bytes.subarray(cut));
      response ??= reader.next();
      if (each.eof === true) reader.eof();
      response ??= reader.next();
      // Not whole, or refused: the reader's own tests say which.
      if (response === null) continue;
      const places = new Int32Array(RESPONSE_PLACES + 2).fill(-1);
      if (!response.locate(places, 1)) {
        expect([response.buffer === memory, bytes.length > 4096]).not.toEqual([true, false]);
        continue;
      }
      expect([places[0], places.at(-1)]).toEqual([-1, -1]);
      const seen = window.open(places, 1);
      expect(seen.toOwned()).toEqual(response.toOwned());
      expect(factsOf(seen)).toEqual(factsOf(response));
      expect(seen.buffer).toBe(memory);
    }
  });

  test("shows nothing that does not lie in the shared memory", () => {
    const places = new Int32Array(RESPONSE_PLACES);
    const large = "x".repeat(1000);
    const { response: outgrown } = read(256, `HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${large}`);
    expect([outgrown.bodyText(), outgrown.locate(places)]).toEqual([large, false]);
    const decoders = { upper: (body: Uint8Array) => Buffer.from(Buffer.from(body).toString().toUpperCase()) };
    const coded = new ResponseReader({ memory: memoryOver(sharedBytes(512)), decoders });
    coded.expect("GET");
    coded.read(Buffer.from("HTTP/1.1 200 OK\r\nContent-Encoding: upper\r\nContent-Length: 2\r\n\r\nhi"));
    const decoded = coded.next();
    expect([decoded?.bodyText(), decoded?.locate(places)]).toEqual(["HI", false]);
    const streaming = new ResponseReader({ memory: memoryOver(sharedBytes(512)) });
    streaming.expect("GET", { stream: true });
    streaming.read(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"));
    expect(streaming.next()?.locate(places)).toBe(false);
    expect([...places]).toEqual(Array(RESPONSE_PLACES).fill(0));
  });

  test("finds out where no response lies there", () => {
    const { memory, response } = read(512, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    const window = new ResponseWindow(memory);
    const places = new Int32Array(RESPONSE_PLACES);
    const expired = expect.objectContaining({ code: "RESPONSE_EXPIRED" });
    expect(() => window.open(places)).toThrow(expired);
    expect(() => window.open(places, 3)).toThrow(expired);
    response.locate(places);
    expect(window.open(places).bodyText()).toBe("hi");
    for (const [index, wrong] of [
      [0, -1],
      [0, 1],
      [1, 1000],
      [1, 5],
      [2, 10],
      [3, 513],
      [3, 0],
      [5, 600],
    ] as const) {
      const bent = places.slice();
      bent[index] = wrong;
      expect(() => window.open(bent)).toThrow(expired);
    }
    memory.fill(0);
    expect(() => window.open(places)).toThrow(expired);
  });

  test("shows it to another thread", async () => {
    const { memory, response } = read(
      1024,
      'HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n5\r\n":1}\n\r\n0\r\nX-Sum: 9\r\n\r\n',
    );
    const places = new Int32Array(new SharedArrayBuffer(RESPONSE_PLACES * 4));
    expect(response.locate(places)).toBe(true);
    const worker = new Worker(new URL("./children/window-worker.ts", import.meta.url).href);
    open.push(worker);
    const answer = new Promise<unknown>((resolve, reject) => {
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage({ memory: memory.buffer, places });
    expect(await answer).toEqual({
      status: 429,
      reason: "Too Many",
      retryAfter: "7",
      text: '{"a":1}\n',
      json: { a: 1 },
      bytes: [...Buffer.from('{"a":1}\n')],
      sum: "9",
    });
  });
});

function read(capacity: number, text: string): { readonly memory: Uint8Array; readonly response: Response } {
  const memory = sharedBytes(capacity);
  const reader = new ResponseReader({ memory: memoryOver(memory) });
  const bytes = Buffer.from(text, "latin1");
  reader.expect("GET");
  for (let at = 0; at < bytes.length; ) {
    at += reader.read(bytes, at);
    const response = reader.next();
    if (response !== null) return { memory, response };
  }
  throw reader.failure ?? new Error("no response");
}

function factsOf(response: Response): unknown[] {
  const { contentLength, keepAlive, keepAliveTimeout, upgraded, headerCount, bodyLength } = response;
  return [contentLength, keepAlive, keepAliveTimeout, upgraded, headerCount, bodyLength];
}

function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}
