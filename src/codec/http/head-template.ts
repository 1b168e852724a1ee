import type { HeadLayout, HeadReader } from "./head.ts";
import { ResponseFraming } from "./response-framing.ts";

/**
 * The layout of a head that came before, by which the next one from the same server is read in one look at its words.
 *
 * Bet: a server answers with the same fields in the same order and of the same lengths, and only values differ: a date, a counter, the digits of
 * a length. So where every byte outside of values is what it was, and every byte of a value is visible ASCII, each name and value begins and
 * ends where it did. What loses the bet is read by the {@link HeadReader}, the slow twin. Values that say how the body is framed, or
 * what becomes of the connection, are not free to differ, but for the number of one `Content-Length`.
 */
export class HeadTemplate implements HeadLayout {
  /** Of the head that was learned; the number of its `Content-Length` is to be read anew. */
  framing: ResponseFraming = new ResponseFraming();
  /** Bytes of that head; 0 while there is none. */
  size = 0;
  count = 0;
  startLineLength = 0;
  status = 0;
  /** As the head reader keeps them. */
  offsets: Int32Array;

  /** The head in words. */
  private readonly words: Int32Array = new Int32Array(MOST_WORDS);
  /** Where a bit is set, a head must have the one in `words`. */
  private readonly fixed: Int32Array = new Int32Array(MOST_WORDS);
  /** The bits of each first and last byte of a value that may differ: white space there would not belong to it. */
  private readonly edges: Int32Array = new Int32Array(MOST_WORDS);

  constructor(maxHeaders: number) {
    this.offsets = new Int32Array(maxHeaders * 4);
  }

  /** True where the head at the start of `words`, of which `tail` bytes are there, is laid out like the one that was learned. */
  matches(words: Int32Array, tail: number): boolean {
    const { size, words: learned, fixed, edges } = this;
    if (size === 0 || tail < size) return false;
    // The blank line, which is where the bet is mostly lost; nothing in the rest of a word behind the last whole one may differ.
    const lastWord = size >> 2;
    if (((words[lastWord]! ^ learned[lastWord]!) & fixed[lastWord]!) !== 0) return false;
    if (((words[lastWord - 1]! ^ learned[lastWord - 1]!) & fixed[lastWord - 1]!) !== 0) return false;
    for (let word = 0; word < lastWord; word++) {
      const four = words[word]!;
      const before = learned[word]!;
      // Most are what they were: a word is looked at where it is not.
      if (four === before) continue;
      const mask = fixed[word]!;
      if (((four ^ before) & mask) !== 0) return false;
      if (((four | (four << 1) | mask) & BITS_6) !== BITS_6) return false;
      if ((((four + ONES) | four) & ~mask & BITS_7) !== 0) return false;
      // A byte is zero here where an edge is SP.
      const edge = (four ^ SPACES) | ~edges[word]!;
      if (((edge - ONES) & ~edge & BITS_7) !== 0) return false;
    }
    return true;
  }

  /**
   * Learns the head at the start of `bytes`, which `head` has read and `framing` judged, unless it is too long. Takes both's results and returns
   * the framing that is free instead.
   */
  learn(bytes: Uint8Array, head: HeadReader, framing: ResponseFraming, status: number): ResponseFraming {
    const { words, fixed, edges, framing: spare } = this;
    const { size, count } = head;
    if (size >= MOST_WORDS * 4) return framing;
    const learned = new Uint8Array(words.buffer);
    const masks = new Uint8Array(fixed.buffer);
    learned.set(bytes.subarray(0, size));
    masks.fill(0xff, 0, size).fill(0, size);
    const edgeBytes = new Uint8Array(edges.buffer).fill(0);
    for (let index = 0; index < count; index++) {
      const from = head.valueStart(index);
      const to = head.valueEnd(index);
      if (from === to || restsOn(head.name(bytes, 0, index).toLowerCase(), index === framing.lengthIndex)) continue;
      masks.fill(0, from, to);
      edgeBytes[from] = 0xff;
      edgeBytes[to - 1] = 0xff;
    }
    this.size = size;
    this.count = count;
    this.startLineLength = head.startLineLength;
    this.status = status;
    this.framing = framing;
    head.leaveOffsets(this);
    return spare;
  }
}

/** True where framing rests on the value of the field called `name`, in lower case; `alone`: it is the only `Content-Length`. */
function restsOn(name: string, alone: boolean): boolean {
  return name === "connection" || name === "transfer-encoding" || (name === "content-length" && !alone);
}

/** Heads of less than 2 KiB are learned. */
const MOST_WORDS = 512;
const ONES = 0x01010101;
const SPACES = 0x20202020;
const BITS_6 = 0x40404040;
const BITS_7 = 0x80808080 | 0;
