import { answers, REQUESTS } from "./messages.ts";

/** One connection's requests on the server's side: what came of a request, and which answer is next. */
export class Answering {
  #kept: Uint8Array = NOTHING;
  #answered = 0;

  /** The answer to the request that `chunk` ends; null while it is not whole. Of the chunk nothing is kept that is not copied. */
  next(chunk: Uint8Array): Uint8Array | null {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const prepared = answersTo(bytes);
    this.#kept = prepared === null ? new Uint8Array(bytes) : NOTHING;
    return prepared === null ? null : (prepared[this.#answered++ % prepared.length] ?? REFUSAL);
  }
}

/** The answers to the request that `bytes` are; null while it is not whole. */
function answersTo(bytes: Uint8Array): readonly Uint8Array[] | null {
  if (bytes[0] === LETTER_G) return endsWith(bytes, HEAD_END) ? ANSWERS_TO_GET : null;
  if (bytes[0] === LETTER_P) return endsWith(bytes, ORDER) ? ANSWERS_TO_POST : null;
  return REFUSALS;
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const from = bytes.length - end.length;
  if (from < 0) return false;
  for (let index = 0; index < end.length; index++) if (bytes[from + index] !== end[index]) return false;
  return true;
}

const NOTHING = new Uint8Array(0);
const LETTER_G = 0x47;
const LETTER_P = 0x50;
const encoder = new TextEncoder();
const HEAD_END = encoder.encode("\r\n\r\n");
const ORDER = encoder.encode(REQUESTS.post.body ?? "");
const ANSWERS_TO_GET = answers("get");
const ANSWERS_TO_POST = answers("post");
const REFUSAL = encoder.encode("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
const REFUSALS = [REFUSAL];
