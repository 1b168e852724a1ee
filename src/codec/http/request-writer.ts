import { UsageError } from "../errors.ts";
import { latin1Bytes } from "./characters.ts";
import { DefaultHeaders } from "./default-headers.ts";
import { isToken } from "./head.ts";
import { RequestBuilder } from "./request-builder.ts";
import { writeTarget } from "./request-fields.ts";
import type { QueryStage } from "./request-stages.ts";

/** What a {@link RequestWriter} is made of. */
export interface RequestWriterOptions {
  /** Goes before every path: `/api/v3`. Begins with `/`; one at its end is dropped. Default: none. */
  readonly basePath?: string;
  /** Bytes that a request may have, head and body: 256 to 2^30. Default 16 KiB, taken at once; beside them 1 KiB, or the largest head. */
  readonly capacity?: number;
  /**
   * Where requests are written, instead of memory of the writer's own; `capacity` is then its length and is not looked at. It may be of a
   * `SharedArrayBuffer`, and starts at a multiple of 4 in its buffer. Nobody else may write to it from a request's
   * beginning until it is sent; what stands in it before does not matter.
   */
  readonly memory?: Uint8Array;
}

/**
 * Writes HTTP/1.1 requests (RFC 9112 section 3) into one buffer, taken once, without allocating:
 *
 * ```ts
 * const writer = new RequestWriter("api.example.com", { basePath: "/api/v3" }).defaultHeader("X-API-KEY", key);
 * const request = writer.post("/order").query("symbol", "BTCUSDT").header("X-Timestamp", now).body(json).finish();
 * ```
 *
 * A path is what goes on the wire, percent-encoded where that is due, and may bring a query; `Host`, the default fields and
 * `Content-Length` are added. POST, PUT and PATCH without a body say `Content-Length: 0`. A request with the fields of the one before, in their
 * order, is written quickest. There is one request at a time: beginning another ends the one before. What cannot be written is refused at
 * once with a `UsageError`, and values are never in its message.
 */
export class RequestWriter {
  /** Without a slash at its end. */
  readonly basePath: string;
  readonly capacity: number;

  readonly #defaults: DefaultHeaders;
  readonly #builder: RequestBuilder;
  /** What requests of the known methods begin with. */
  readonly #lines: Readonly<Record<KnownMethod, Uint8Array>>;

  /** `host` is the value of `Host`: a name or an address, IPv6 in brackets, and the port where it is not the scheme's own. */
  constructor(host: string, options: RequestWriterOptions = {}) {
    this.basePath = checkedBasePath(options.basePath ?? "");
    const { memory } = options;
    const bytes = memory === undefined ? ownMemory(options.capacity ?? DEFAULT_CAPACITY) : checkedMemory(memory);
    this.capacity = bytes.length;
    this.#defaults = new DefaultHeaders(host);
    this.#builder = new RequestBuilder(this.#defaults, bytes);
    this.#lines = {
      GET: this.#line("GET"),
      POST: this.#line("POST"),
      PUT: this.#line("PUT"),
      PATCH: this.#line("PATCH"),
      DELETE: this.#line("DELETE"),
      HEAD: this.#line("HEAD"),
      OPTIONS: this.#line("OPTIONS"),
    };
  }

  get(path: string): QueryStage {
    return this.#begin("GET", this.#lines.GET, path, false);
  }

  post(path: string): QueryStage {
    return this.#begin("POST", this.#lines.POST, path, true);
  }

  put(path: string): QueryStage {
    return this.#begin("PUT", this.#lines.PUT, path, true);
  }

  patch(path: string): QueryStage {
    return this.#begin("PATCH", this.#lines.PATCH, path, true);
  }

  delete(path: string): QueryStage {
    return this.#begin("DELETE", this.#lines.DELETE, path, false);
  }

  head(path: string): QueryStage {
    return this.#begin("HEAD", this.#lines.HEAD, path, false);
  }

  /** The path may be `*`: the server as a whole (RFC 9112 section 3.2.4). */
  options(path: string): QueryStage {
    return this.request("OPTIONS", path);
  }

  /** Any method, as it is to be sent: methods are case-sensitive. CONNECT takes `host:port` in place of a path. */
  request(method: string, path: string): QueryStage {
    if (method === "CONNECT") {
      if (!CONNECT_TARGET.test(path)) throw invalidPath("is no host and port, as CONNECT needs");
    } else if (method !== "OPTIONS" || path !== "*") {
      const statesLength = method === "POST" || method === "PUT" || method === "PATCH";
      return this.#begin(method, this.#lineOf(method), path, statesLength);
    }
    return this.#builder.begin(method, latin1Bytes(`${method} `), path, false);
  }

  /** Adds a field to every request from now on; a `Host` takes the place of the one there is. */
  defaultHeader(name: string, value: string): this {
    this.#defaults.add(name, value);
    return this;
  }

  /** Adds fields to every request from now on. */
  defaultHeaders(headers: Readonly<Record<string, string>>): this {
    for (const [name, value] of Object.entries(headers)) this.#defaults.add(name, value);
    return this;
  }

  /** Puts a field in place of the default ones of that name, as for a rotated key; null leaves it out. */
  setDefaultHeader(name: string, value: string | null): this {
    this.#defaults.set(name, value);
    return this;
  }

  #begin(method: string, line: Uint8Array, path: string, statesLength: boolean): QueryStage {
    if (path.charCodeAt(0) !== SLASH && !(this.basePath !== "" && (path === "" || path.startsWith("?")))) {
      throw invalidPath("does not begin with /");
    }
    return this.#builder.begin(method, line, path, statesLength);
  }

  /** A method that is not among the known ones is checked and encoded each time. */
  #lineOf(method: string): Uint8Array {
    if (Object.hasOwn(this.#lines, method)) return this.#lines[method as KnownMethod];
    if (isToken(method)) return this.#line(method);
    const shown = JSON.stringify(method.slice(0, LONGEST_SHOWN));
    throw new UsageError("REQUEST_METHOD_INVALID", `Cannot write request: method ${shown} is not a token`);
  }

  #line(method: string): Uint8Array {
    return latin1Bytes(`${method} ${this.basePath}`);
  }
}

function checkedBasePath(basePath: string): string {
  if (basePath !== "" && !basePath.startsWith("/")) throw invalidPath("does not begin with /", "basePath");
  if (/[?#]/.test(basePath)) throw invalidPath("has a query", "basePath");
  writeTarget(new Uint8Array(basePath.length), 0, basePath, "REQUEST_PATH_INVALID", "basePath");
  return basePath.replace(/\/+$/, "");
}

function ownMemory(capacity: number): Uint8Array {
  requireCapacity("capacity", capacity);
  return new Uint8Array((capacity + 7) & ~7);
}

function checkedMemory(memory: Uint8Array): Uint8Array {
  requireCapacity("memory.length", memory.length);
  if (memory.byteOffset % 4 === 0) return memory;
  throw new UsageError(
    "OPTION_OUT_OF_RANGE",
    `Cannot create writer: memory.byteOffset is ${memory.byteOffset}, not a multiple of 4`,
  );
}

function requireCapacity(name: string, capacity: number): void {
  if (Number.isInteger(capacity) && capacity >= SMALLEST_CAPACITY && capacity <= LARGEST_CAPACITY) return;
  throw new UsageError(
    "OPTION_OUT_OF_RANGE",
    `Cannot create writer: ${name} is ${capacity}, not an integer from ${SMALLEST_CAPACITY} to ${LARGEST_CAPACITY}`,
  );
}

/** The path is not shown: it may hold a secret. */
function invalidPath(detail: string, what = "path"): UsageError {
  return new UsageError("REQUEST_PATH_INVALID", `Cannot write request: ${what} ${detail}`);
}

type KnownMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS";
const CONNECT_TARGET = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+):\d{1,5}$/;
const SLASH = 0x2f;
const DEFAULT_CAPACITY = 16 << 10;
const SMALLEST_CAPACITY = 256;
const LARGEST_CAPACITY = 1 << 30;
const LONGEST_SHOWN = 100;
