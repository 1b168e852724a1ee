import { sameBytes } from "../same-bytes.ts";
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
  /** What is to be compared, as far as whole words go: the start of the {@link source}, which is where heads are read, and of `words`. */
  private seen: Uint8Array = NOTHING;
  private learned: Uint8Array = NOTHING;
  private source: Int32Array | null = null;
  /** Indexes of words that differed in a head that matched; in `words` they are as in the last one. */
  private readonly loose: Int32Array = new Int32Array(MOST_LOOSE);
  private looseCount = 0;

  constructor(maxHeaders: number) {
    this.offsets = new Int32Array(maxHeaders * 4);
  }

  /** True where the head at the start of `words`, of which `tail` bytes are there, is laid out like the one that was learned. */
  matches(words: Int32Array, tail: number): boolean {
    const { size, words: learned, fixed } = this;
    if (size === 0 || tail < size) return false;
    // The blank line, which is where the bet is mostly lost; nothing in the rest of a word behind the last whole one may differ.
    const lastWord = size >> 2;
    if (((words[lastWord]! ^ learned[lastWord]!) & fixed[lastWord]!) !== 0) return false;
    if (((words[lastWord - 1]! ^ learned[lastWord - 1]!) & fixed[lastWord - 1]!) !== 0) return false;
    if (words !== this.source) this.look(words);
    // Words that are known to differ come first, so that the rest is one comparison.
    const { loose, looseCount } = this;
    for (let index = 0; index < looseCount; index++) if (!this.adopts(words, loose[index]!)) return false;
    return sameBytes(this.seen, this.learned) || this.loosens(words, lastWord);
  }

  private look(words: Int32Array): void {
    this.source = words;
    this.seen = new Uint8Array(words.buffer, words.byteOffset, this.learned.length);
  }

  /** Takes over a word that differs in values alone, and leaves their bounds where they are; false for any other. */
  private adopts(words: Int32Array, word: number): boolean {
    const { words: learned } = this;
    const four = words[word]!;
    const mask = this.fixed[word]!;
    const invisible = (~(four | (four << 1)) & BITS_6) | (((four + ONES) | four) & BITS_7);
    // A byte is zero here where an edge is SP.
    const edge = (four ^ SPACES) | ~this.edges[word]!;
    const blankEdge = (edge - ONES) & ~edge & BITS_7;
    if ((((four ^ learned[word]!) & mask) | (invisible & ~mask) | blankEdge) !== 0) return false;
    learned[word] = four;
    return true;
  }

  /** {@link adopts} for those before `lastWord` that differ, which are loose from now on. */
  private loosens(words: Int32Array, lastWord: number): boolean {
    for (let word = 0; word < lastWord; word++) {
      if (words[word] === this.words[word]) continue;
      if (!this.adopts(words, word)) return false;
      if (this.looseCount < MOST_LOOSE) this.loose[this.looseCount++] = word;
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
    this.source = null;
    this.learned = learned.subarray(0, size & ~3);
    this.looseCount = 0;
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

const NOTHING: Uint8Array = new Uint8Array(0);

/** Heads of less than 2 KiB are learned. */
const MOST_WORDS = 512;
/** Those that come after are compared each time. */
const MOST_LOOSE = 64;
const ONES = 0x01010101;
const SPACES = 0x20202020;
const BITS_6 = 0x40404040;
const BITS_7 = 0x80808080 | 0;
