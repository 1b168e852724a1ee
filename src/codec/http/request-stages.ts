import type { PayloadWriter } from "../ws/frame-writer.ts";
import type { Request } from "./request.ts";

/**
 * A request being written: query, then header fields, then a body, each stage offering only what may follow. All stages are one object of
 * the writer's, which the next request uses again.
 */
export interface QueryStage extends HeaderStage {
  /** Adds `name=value` to the query, both percent-encoded as `encodeURIComponent` does it. Numbers must be finite. */
  query(name: string, value: string | number | bigint): QueryStage;
  /** Adds `text` to the query as it is: parameters that are encoded already. Refuses what may not stand there (`REQUEST_QUERY_INVALID`). */
  queryRaw(text: string): QueryStage;
}

/** Header fields may follow, a body, or the end. */
export interface HeaderStage extends FinishStage {
  /**
   * Adds a field, in place of default ones of that name. `Content-Length` and `Transfer-Encoding` are the writer's and are refused
   * (`REQUEST_HEADER_RESERVED`), and so is what would break out of its line (`REQUEST_HEADER_INVALID`): the value may have visible
   * characters up to U+00FF, SP and HTAB, and no white space around it. Numbers must be finite.
   */
  header(name: string, value: string | number): HeaderStage;
  /** The body: text as UTF-8, a lone surrogate as U+FFFD, or bytes, which are copied. No `Content-Type` is added. */
  body(content: string | Uint8Array): FinishStage;
  /** The body: `value` as JSON, with `Content-Type: application/json` where no field of that name was given. */
  bodyJson(value: unknown): FinishStage;
  /** The body: at most `maxLength` bytes that `write` puts in place. */
  bodyWith(maxLength: number, write: PayloadWriter): FinishStage;
  /**
   * The body follows on the connection: `length` bytes with `Content-Length`, or chunks where `length` is null. The request is then its
   * head alone.
   */
  bodyStream(length: number | null): FinishStage;
}

/** Only the end may follow. */
export interface FinishStage {
  /** The request, which is the writer's one and valid until the writer begins another. */
  finish(): Request;
}
