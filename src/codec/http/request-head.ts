import { decodeLatin1 } from "../text.ts";
import { SP } from "./characters.ts";
import type { HeaderPairs, HeadReader } from "./head.ts";

/** The head of a request that was received; it owns its data. */
export class RequestHead {
  /** As it was sent: methods are case-sensitive (RFC 9110 section 9.1). */
  readonly method: string;
  /** The request's target as it was sent: for a request of its own server path and query (RFC 9112 section 3.2). */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** Fields in order and case; bytes over 0x7F are read as Latin-1. */
  readonly headers: HeaderPairs;

  /** `head` has read the head that begins at `start`, and its request line was judged. @internal */
  constructor(head: HeadReader, bytes: Uint8Array, start: number) {
    const line = decodeLatin1(bytes, start, start + head.startLineLength);
    const [method = "", target = "", version = ""] = line.split(SPACE);
    this.method = method;
    this.target = target;
    this.version = version === "HTTP/1.0" ? "1.0" : "1.1";
    this.headers = Array.from(
      { length: head.count },
      (_, index) => [head.name(bytes, start, index), head.value(bytes, start, index)] as const,
    );
  }

  /** The target up to its `?`. */
  get path(): string {
    const question = this.target.indexOf("?");
    return question < 0 ? this.target : this.target.slice(0, question);
  }

  /** What stands behind the target's `?`, not decoded; `""` where nothing does. `new URLSearchParams(query)` takes it apart. */
  get query(): string {
    const question = this.target.indexOf("?");
    return question < 0 ? "" : this.target.slice(question + 1);
  }

  /** The value of the first field of that name, whatever its case; null where there is none. */
  header(name: string): string | null {
    return this.values(name)[0] ?? null;
  }

  /** The values of all fields of that name, in order. */
  values(name: string): string[] {
    const lower = name.toLowerCase();
    return this.headers.filter(([own]) => own.toLowerCase() === lower).map(([, value]) => value);
  }
}

const SPACE: string = String.fromCharCode(SP);
