import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";
import { UsageError } from "../codec/errors.ts";
import type { DeflateStream } from "../codec/ws/deflate-engine.ts";

/** What a deflating stream is made of: zlib's own meanings, and its memory is about `2 ** (windowBits + 2) + 2 ** (memLevel + 9)` bytes. */
export interface DeflateTuning {
  /** 1 (fastest) to 9 (smallest), 0 stores. */
  readonly level: number;
  /** 1 (least) to 9 (fastest). */
  readonly memLevel: number;
}

/** Undoes raw DEFLATE with the engine's zlib. @throws UsageError `DEFLATE_UNAVAILABLE` */
export function inflateStream(windowBits: number): DeflateStream {
  return new ZlibStream(createInflateRaw({ windowBits, chunkSize: LEAST_CHUNK }));
}

/** Compresses to raw DEFLATE with the engine's zlib. @throws UsageError `DEFLATE_UNAVAILABLE` */
export function deflateStream(windowBits: number, { level, memLevel }: DeflateTuning): DeflateStream {
  // Zlib cannot compress with a window of 256 bytes, but with one of 512 it does not refer back over 250: it keeps 262 for looking ahead.
  const bits = Math.max(windowBits, 9);
  return new ZlibStream(createDeflateRaw({ windowBits: bits, level, memLevel, chunkSize: LEAST_CHUNK }));
}

/**
 * Throws `DEFLATE_UNAVAILABLE` where the engine's zlib has not what {@link ZlibStream} stands on, so that a program which asks for
 * compression learns it before anything is connected.
 */
export function checkDeflate(): void {
  const stream = inflateStream(15);
  const output = new Uint8Array(LEAST_CHUNK);
  const hello = Uint8Array.of(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00);
  const ran = stream.run(hello, 0, hello.length, output, 0, output.length);
  stream.close();
  if (!ran || stream.written !== 5) throw unavailable();
}

/**
 * A stream of `node:zlib` whose native half is run directly. Its public side either works in other threads, with a promise a message,
 * or forgets its window with every call: a message of 676 bytes takes 5 µs here, and 25 to 30 µs with `inflateRawSync` and a dictionary.
 */
class ZlibStream implements DeflateStream {
  taken = 0;
  written = 0;
  readonly #stream: { close(): void };
  readonly #handle: NativeStream;
  /** Output and input that are left, as the native half says after each run. */
  readonly #left: Uint32Array;
  #failed = false;
  #closed = false;

  constructor(stream: { close(): void }) {
    const { _handle: handle, _writeState: left } = stream as Partial<Internals>;
    if (typeof handle?.writeSync !== "function" || typeof handle.reset !== "function" || left === undefined) {
      stream.close();
      throw new UsageError(
        "DEFLATE_UNAVAILABLE",
        "Cannot compress: the zlib of this engine cannot be run synchronously",
      );
    }
    this.#stream = stream;
    this.#handle = handle;
    this.#left = left;
    // Else it would tell the stream, which emits the error.
    handle.onerror = () => {
      this.#failed = true;
    };
  }

  run(input: Uint8Array, start: number, end: number, output: Uint8Array, at: number, limit: number): boolean {
    this.#failed = false;
    this.#handle.writeSync(constants.Z_SYNC_FLUSH, input, start, end - start, output, at, limit - at);
    if (this.#failed) return false;
    this.written = limit - (this.#left[0] ?? 0);
    this.taken = end - (this.#left[1] ?? 0);
    return true;
  }

  reset(): void {
    this.#handle.reset();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }
}

function unavailable(): UsageError {
  return new UsageError("DEFLATE_UNAVAILABLE", "Cannot compress: the zlib of this engine cannot be run synchronously");
}

/** What is there of `node:zlib`, in Node since 0.11 and in Bun, without being documented. */
interface Internals {
  readonly _handle: NativeStream | null;
  readonly _writeState: Uint32Array;
}

interface NativeStream {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  reset(): void;
}

/** The stream's own buffer, which nothing here uses. */
const LEAST_CHUNK = 64;
