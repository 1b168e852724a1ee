/**
 * What names come to as bytes, kept so that each is checked and encoded once: a program's names are few, and the same all day. Only so many
 * are kept; one that comes after them is encoded each time.
 */
export class NameCache<T> {
  private readonly known: Map<string, T> = new Map();
  private readonly encode: (name: string) => T;

  /** `encode` throws for a name that must not be written. */
  constructor(encode: (name: string) => T) {
    this.encode = encode;
  }

  of(name: string): T {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const encoded = this.encode(name);
    if (this.known.size < MOST_NAMES && name.length <= LONGEST_NAME) this.known.set(name, encoded);
    return encoded;
  }
}

const MOST_NAMES = 128;
const LONGEST_NAME = 256;
