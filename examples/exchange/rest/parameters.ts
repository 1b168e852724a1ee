import type { HttpRequest } from "../request-parser.ts";
import { VenueError } from "./venue-error.ts";

/** The parameters of a request: those of the query, then those of a form in the body; of two with one name the first counts. */
export class Parameters {
  readonly #values: URLSearchParams;

  constructor({ query, body }: Pick<HttpRequest, "query" | "body">) {
    this.#values = new URLSearchParams(body.length === 0 ? query : `${query}&${Buffer.from(body).toString()}`);
  }

  /** Null where it was not sent, or is empty. */
  optional(name: string): string | null {
    return this.#values.get(name) || null;
  }

  mandatory(name: string): string {
    const value = this.optional(name);
    if (value !== null) return value;
    throw new VenueError(400, -1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
  }

  /** A whole number from 0 on, or null. */
  wholeNumber(name: string): number | null {
    const text = this.optional(name);
    if (text === null) return null;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw illegal(name, "^[0-9]{1,20}$");
  }

  /** One of `words`, or null. */
  oneOf<Word extends string>(name: string, words: readonly Word[], code: number, msg: string): Word | null {
    const text = this.optional(name);
    if (text === null) return null;
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw new VenueError(400, code, msg);
  }

  /** A decimal number above 0 as it was written, or null. */
  decimal(name: string): string | null {
    const text = this.optional(name);
    if (text === null) return null;
    if (!/^\d{1,20}(?:\.\d{1,20})?$/.test(text)) throw illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$");
    if (Number(text) > 0) return text;
    throw new VenueError(400, -1013, `Invalid ${name}.`);
  }
}

export function illegal(name: string, range: string): VenueError {
  return new VenueError(400, -1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`);
}
