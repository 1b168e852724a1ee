import { UsageError } from "../codec/errors.ts";
import { latin1Bytes } from "../codec/http/characters.ts";
import type { HeaderPairs } from "../codec/http/head.ts";
import { RequestWriter } from "../codec/http/request-writer.ts";
import { decodeLatin1 } from "../codec/text.ts";
import { type Board, HEADERS_LENGTH, HEADERS_VERSION } from "./shared-board.ts";

/** What every request of a pool begins with; kept on the board, so that writers in all threads agree on it. */
export interface SharedPrefix {
  readonly host: string;
  readonly basePath: string;
  readonly fields: HeaderPairs;
}

/** Puts `prefix` on the board. For the owner's thread. Throws UsageError (`REQUEST_TOO_LARGE`) where there is no room for it. */
export function publish(board: Board, prefix: SharedPrefix): void {
  const bytes = encoded(board, prefix);
  const { words } = board;
  // Who reads sees the version change, or be odd, and reads again.
  Atomics.add(words, HEADERS_VERSION, 1);
  board.headers.set(bytes);
  Atomics.store(words, HEADERS_LENGTH, bytes.length);
  Atomics.add(words, HEADERS_VERSION, 1);
}

/** Throws where {@link publish} would. */
export function checkRoom(board: Board, prefix: SharedPrefix): void {
  encoded(board, prefix);
}

/** Changes with each {@link publish}. */
export function prefixVersion(board: Board): number {
  return Atomics.load(board.words, HEADERS_VERSION);
}

/** A writer into `memory` as the board has it now, and the version of that. */
export function sharedWriter(board: Board, memory: Uint8Array): { writer: RequestWriter; version: number } {
  for (;;) {
    const version = prefixVersion(board);
    const length = Atomics.load(board.words, HEADERS_LENGTH);
    const text = decodeLatin1(board.headers, 0, Math.min(length, board.headers.length));
    if ((version & 1) === 1 || prefixVersion(board) !== version) continue;
    const { host, basePath, fields } = decoded(text);
    const writer = new RequestWriter(host, { basePath, memory });
    for (const [name, value] of fields) writer.defaultHeader(name, value);
    return { writer, version };
  }
}

/** The bytes that `prefix` takes, for {@link newBoard}. */
export function prefixCapacity(prefix: SharedPrefix, requestCapacity: number): number {
  return prefix.host.length + prefix.basePath.length + requestCapacity;
}

/** `fields` with one in place of all of its name, as `RequestWriter.setDefaultHeader` does it. */
export function withField(fields: HeaderPairs, name: string, value: string): HeaderPairs {
  const isSame = (field: readonly [string, string]): boolean => field[0].toLowerCase() === name.toLowerCase();
  const at = fields.findIndex(isSame);
  if (at < 0) return [...fields, [name, value]];
  return [...fields.slice(0, at), [name, value], ...fields.slice(at).filter((field) => !isSame(field))];
}

/** A line each: no field has a line feed in it. */
function encoded(board: Board, { host, basePath, fields }: SharedPrefix): Uint8Array {
  const bytes = latin1Bytes([host, basePath, ...fields.map(([name, value]) => `${name}:${value}`)].join("\n"));
  if (bytes.length <= board.headers.length) return bytes;
  throw new UsageError(
    "REQUEST_TOO_LARGE",
    `Cannot share default headers: they are ${bytes.length} bytes where ${board.headers.length} fit a request`,
  );
}

function decoded(text: string): SharedPrefix {
  const [host = "", basePath = "", ...lines] = text.split("\n");
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  return { host, basePath, fields };
}
