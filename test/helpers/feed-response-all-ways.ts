import { expect } from "bun:test";
import { ProtocolError } from "../../src/codec/errors.ts";
import type { Response } from "../../src/codec/http/response.ts";
import type { ResponseReaderOptions } from "../../src/codec/http/response-options.ts";
import { ResponseReader } from "../../src/codec/http/response-reader.ts";
import { joined } from "./bytes.ts";
import { MEMORIES, shared } from "./memories.ts";
import { interimLine, linesOf } from "./response-events.ts";
import { splitsOf } from "./splits.ts";

/** Bytes that answer one request, and what a reader must make of them. */
export interface ResponseCase {
  /** Latin-1. */
  readonly text: string;
  /** Lines of `response-events.ts`; `fail CODE` last where the reader fails. */
  readonly events: readonly string[];
  /** Default: GET. */
  readonly method?: string;
  /** The request asks for another protocol. */
  readonly upgrade?: boolean;
  /** The connection ends behind the bytes. */
  readonly eof?: boolean;
  readonly options?: Pick<ResponseReaderOptions, "maxBodySize" | "maxHeaders" | "maxHeadSize" | "decoders">;
  /** What a reader must make of it where the body is streamed, if that is something else. */
  readonly streamed?: readonly string[];
}

/**
 * Reads one case in every way that must not matter:
 *
 * - whole, at each chunk size, cut at each single point and at random cuts;
 * - on plain, mirrored and shared memory, large and small beside the response;
 * - in a new reader, and in one that has read the same before and so knows the head's layout; with and without `debug`;
 * - taking the response after each chunk, or only once the ring is full; whole, or streamed.
 */
export function feedResponseAllWays(each: ResponseCase): void {
  const bytes = Buffer.from(each.text, "latin1");
  for (const [index, newReader] of readersFor(each).entries()) {
    const used = newReader();
    let turn = index;
    for (const chunks of splitsOf(bytes)) {
      const way: Way = { late: turn % 3 === 0, stream: turn % 4 === 1 };
      check(used, each, chunks, way);
      if (turn % 7 === 0) check(newReader(), each, chunks, way);
      turn++;
    }
    // A head of the same size that comes again is read by its layout.
    for (let again = 0; again < 3; again++) check(used, each, [bytes], { late: false, stream: false });
    check(newReader(), each, [bytes], { late: false, stream: true });
  }
}

/** A reader, and where its interim responses go. */
export interface Fed {
  readonly reader: ResponseReader;
  lines: string[];
}

export interface Way {
  /** Take the response when the ring is full, or all bytes are in. */
  readonly late: boolean;
  readonly stream: boolean;
}

export function fedReader(options: ResponseReaderOptions): Fed {
  const fed: { reader: ResponseReader | null; lines: string[] } = { reader: null, lines: [] };
  fed.reader = new ResponseReader({
    ...options,
    informational: (response) => fed.lines.push(interimLine(response.status, [...response])),
  });
  return fed as Fed;
}

/** What the reader, which is reset first, says about the chunks. */
export function responseEvents(
  fed: Fed,
  each: Omit<ResponseCase, "text" | "events">,
  chunks: readonly Uint8Array[],
  way: Way,
): string[] {
  const { reader } = fed;
  const lines: string[] = [];
  fed.lines = lines;
  reader.reset();
  reader.expect(each.method ?? "GET", { stream: way.stream, upgrade: each.upgrade === true });
  let lent: Response | null = null;
  const pieces: Uint8Array[] = [];
  const beyond: Uint8Array[] = [];
  let over = false;
  const take = (): void => {
    const next = reader.next();
    if (lent !== null && next !== null) throw new Error("a second response to one request");
    lent ??= next;
    if (lent?.streamed)
      for (let piece = reader.nextPiece(); piece !== null; piece = reader.nextPiece()) pieces.push(piece.slice());
    if (lent === null || lent.upgraded || over || (lent.streamed && !reader.bodyComplete)) return;
    over = true;
    lines.push(...linesOf(lent, null, lent.streamed ? joined(pieces) : null));
  };
  for (const chunk of chunks) {
    for (let offset = 0, stalls = 0; offset < chunk.length; ) {
      const taken = reader.read(chunk, offset);
      offset += taken;
      stalls = taken === 0 ? stalls + 1 : 0;
      if (taken === 0 && (lent as Response | null)?.upgraded === true) {
        // What the ring has no room for is for whoever takes over.
        beyond.push(chunk.subarray(offset));
        break;
      }
      if (stalls > 2) throw new Error("the reader neither takes bytes nor fails");
      if (!way.late || taken === 0) take();
    }
  }
  take();
  if (each.eof === true) reader.eof();
  take();
  if (lent !== null && (lent as Response).upgraded) lines.push(...linesOf(lent, joined([reader.rest(), ...beyond])));
  if (reader.failure !== null) lines.push(`fail ${reader.failure.code}`);
  return lines;
}

function check(fed: Fed, each: ResponseCase, chunks: readonly Uint8Array[], way: Way): void {
  const expected = way.stream ? (each.streamed ?? each.events) : each.events;
  const seen = responseEvents(fed, each, chunks, way);
  if (!Bun.deepEquals(seen, expected)) {
    const at = { ...way, cut: chunks.map((chunk) => chunk.length).slice(0, 40) };
    expect({ at, events: seen }).toEqual({ at, events: [...expected] });
  }
  const { reader } = fed;
  if (reader.failure === null) return;
  if (!(reader.failure instanceof ProtocolError)) throw reader.failure;
  if (reader.read(MORE) !== MORE.length || reader.next() !== null || reader.nextPiece() !== null) {
    throw new Error("a reader that failed goes on");
  }
}

function readersFor(each: ResponseCase): (() => Fed)[] {
  const small = Math.max(256, each.options?.maxHeadSize ?? 0);
  return [...MEMORIES, { make: shared }].flatMap(({ make }) =>
    [small, 32 << 10].map(
      (capacity, index) => () => fedReader({ ...each.options, memory: make(capacity), debug: index === 0 }),
    ),
  );
}

const MORE: Uint8Array = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
