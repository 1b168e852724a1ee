import { wordsOf } from "../ascii.ts";
import { NameCache } from "./name-cache.ts";
import { MOST_PER_UNIT, percentLength, writePercent } from "./percent.ts";
import { EQUALS, QUESTION, querySeparator, requireRoom, writeTarget } from "./request-fields.ts";

/** Method, path and query at the start of a request's buffer, as they are written. */
export class RequestTarget {
  /** One past what is written. */
  end = 0;
  /** There is a `?`; what stands behind it begins at {@link queryStart}. */
  hasQuery = false;
  queryStart = 0;

  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  /** Parameters' names, encoded, with `=` behind them. */
  private readonly names: NameCache<Uint8Array> = new NameCache(parameterName);
  /** Line and path of the last request, which are kept to be copied; and where the path's own query begins, −1 for none. */
  private line: Uint8Array = NO_LINE;
  private path = "";
  private pathQuery = -1;
  private keptBytes: Uint8Array = new Uint8Array(FIRST_SIZE);
  private keptWords: Int32Array = wordsOf(this.keptBytes);

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.words = wordsOf(bytes);
  }

  /**
   * Begins a request line: `line` are method, space and base path, `path` is what comes behind.
   *
   * Bet: the request goes where the one before went, so that its line is judged and encoded already.
   */
  begin(line: Uint8Array, path: string): void {
    const end = line.length + path.length;
    if (line !== this.line || path !== this.path) this.keep(line, path, end);
    this.copy(end);
    this.end = end;
    this.hasQuery = this.pathQuery >= 0;
    this.queryStart = this.pathQuery;
  }

  /** Adds a parameter, percent-encoded. */
  append(name: string, value: string): void {
    const { bytes, end } = this;
    const nameBytes = this.names.of(name);
    const most = end + 1 + nameBytes.length;
    if (most + MOST_PER_UNIT * value.length > bytes.length) requireRoom(bytes, most + percentLength(value));
    const separator = this.separator();
    const at = separator === 0 ? end : end + 1;
    for (let index = 0; index < nameBytes.length; index++) bytes[at + index] = nameBytes[index]!;
    this.endParameter(separator, writePercent(bytes, at + nameBytes.length, value));
  }

  /** Adds parameters that are encoded already. */
  appendRaw(text: string): void {
    const { bytes, end } = this;
    requireRoom(bytes, end + 1 + text.length);
    const separator = this.separator();
    const at = separator === 0 ? end : end + 1;
    this.endParameter(separator, writeTarget(bytes, at, text, "REQUEST_QUERY_INVALID", "query"));
  }

  private keep(line: Uint8Array, path: string, end: number): void {
    const question = path.indexOf("?");
    this.line = NO_LINE;
    requireRoom(this.bytes, end);
    if (end > this.keptBytes.length) {
      this.keptBytes = new Uint8Array(end * 2);
      this.keptWords = wordsOf(this.keptBytes);
    }
    this.keptBytes.set(line, 0);
    writeTarget(this.keptBytes, line.length, path, "REQUEST_PATH_INVALID", "path");
    this.pathQuery = question < 0 ? -1 : line.length + question + 1;
    this.line = line;
    this.path = path;
  }

  /** Copies the first `end` bytes of what is kept, in words; the rest of the last one is the caller's to overwrite. */
  private copy(end: number): void {
    const { words, keptWords, bytes, keptBytes } = this;
    const count = (end + 3) >> 2;
    if (count <= words.length && count <= keptWords.length) {
      for (let word = 0; word < count; word++) words[word] = keptWords[word]!;
    } else for (let pos = 0; pos < end; pos++) bytes[pos] = keptBytes[pos]!;
  }

  /** What must stand before one more parameter; 0 for nothing. */
  private separator(): number {
    return querySeparator(this.bytes, this.hasQuery ? this.queryStart : this.end, this.end);
  }

  /** Takes over a parameter that was written up to `end`, behind `separator`. */
  private endParameter(separator: number, end: number): void {
    if (separator !== 0) this.bytes[this.end] = separator;
    if (separator === QUESTION) {
      this.hasQuery = true;
      this.queryStart = this.end + 1;
    }
    this.end = end;
  }
}

function parameterName(name: string): Uint8Array {
  const bytes = new Uint8Array(percentLength(name) + 1);
  bytes[writePercent(bytes, 0, name)] = EQUALS;
  return bytes;
}

const NO_LINE: Uint8Array = new Uint8Array(0);
/** Grows where a line is longer. */
const FIRST_SIZE = 256;
