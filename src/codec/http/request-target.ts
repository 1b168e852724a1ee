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
  private readonly owned: boolean;
  /** Parameters' names, encoded, with `=` behind them. */
  private readonly names: NameCache<Uint8Array> = new NameCache(parameterName);
  /** What stands at the buffer's start, so that it need not be written again; and where the path's own query begins, −1 for none. */
  private line: Uint8Array = NO_LINE;
  private path = "";
  private pathQuery = -1;

  /** `owned`: nobody else writes to `bytes` between two requests. */
  constructor(bytes: Uint8Array, owned: boolean) {
    this.bytes = bytes;
    this.owned = owned;
  }

  /**
   * Begins a request line: `line` are method, space and base path, `path` is what comes behind.
   *
   * Bet: the request goes where the one before went, so that its line stands already. In memory that others may write to nothing is bet.
   */
  begin(line: Uint8Array, path: string): void {
    if (!this.owned || line !== this.line || path !== this.path) this.write(line, path);
    this.end = line.length + path.length;
    this.hasQuery = this.pathQuery >= 0;
    this.queryStart = this.pathQuery;
  }

  /** The buffer's start may no longer be what was written. */
  forget(): void {
    this.line = NO_LINE;
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

  private write(line: Uint8Array, path: string): void {
    const { bytes } = this;
    const question = path.indexOf("?");
    this.line = NO_LINE;
    requireRoom(bytes, line.length + path.length);
    bytes.set(line, 0);
    writeTarget(bytes, line.length, path, "REQUEST_PATH_INVALID", "path");
    this.pathQuery = question < 0 ? -1 : line.length + question + 1;
    this.line = line;
    this.path = path;
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
