import { wordsOf } from "../ascii.ts";
import { CR, decimalLength, LF, latin1Bytes, writeDecimal } from "./characters.ts";
import type { FieldName } from "./field-name.ts";
import { invalidValue, writeValue } from "./request-fields.ts";

/**
 * The part of a request's head behind its target, put together in memory of the writer's own and then copied into the request as a whole.
 *
 * ```text
 *   SP HTTP/1.1 CRLF  Host: … CRLF | X-API-KEY: … CRLF | X-Timestamp: … CRLF | Content-Length: 12 CRLF CRLF
 *   default fields                 | slot 0            | slot 1               ^ tailStart
 * ```
 *
 * Bet: a request has the fields of the one before in the same order, and most of their values, so that they stand already. Of a field that is
 * called as the one before at its place only the value is written, and that only where it differs. Where that bet is lost the field is
 * written by the slow twin, {@link write}, and what stood behind it is forgotten.
 *
 * Nobody else writes to this memory: what stamps, or its owner, do to a finished request does not reach the next one.
 */
export class FieldBlock {
  bytes: Uint8Array = new Uint8Array(FIRST_SIZE);
  /** Default fields and field lines are at `[0, pos)`. */
  pos = 0;
  /** Where the digits of `Content-Length` begin, 0 where there are none. */
  lengthStart = 0;

  private words: Int32Array = wordsOf(this.bytes);
  /** `slots[0, standing)` are the lines behind the default fields, without a gap. */
  private readonly slots: FieldSlot[] = [];
  private standing = 0;
  /** The next field is this one; of those before, as far as there are slots, each is in its own. */
  private index = 0;
  /** The default fields that stand. */
  private defaults: Uint8Array = NOTHING;
  /** The end that stands: where, −1 for nowhere, and which. */
  private tailStart = -1;
  private tailEnd = 0;
  private tail = BLANK;
  /** Views of the first 64, 128, … bytes. */
  private views: (Uint8Array | undefined)[] = [];

  /** Begins a head with the lines of `defaults`. */
  begin(defaults: Uint8Array): void {
    if (defaults !== this.defaults) {
      this.reserve(defaults.length);
      this.bytes.set(defaults, 0);
      this.defaults = defaults;
      this.forget(0);
    }
    this.index = 0;
    this.pos = defaults.length;
  }

  /**
   * Adds a field where all but its value stands, and returns its slot; null where that bet is lost, or it would end beyond `limit`. Throws
   * `REQUEST_HEADER_INVALID` for a value that is none.
   */
  repeat(name: string, value: string, limit: number): FieldSlot | null {
    const { index } = this;
    if (index >= this.standing) return null;
    const slot = this.slots[index]!;
    if (slot.name !== name || !slot.repeatable || slot.end > limit) return null;
    if (slot.changes > FEW || slot.value !== value) {
      if (value.length !== slot.value.length) return null;
      if (writeValue(this.bytes, this.words, slot.valueStart, value) < 0) {
        this.forget(index);
        throw invalidValue(name);
      }
      slot.value = value;
      slot.changes++;
    } else slot.changes = 0;
    this.pos = slot.end;
    this.index = index + 1;
    return slot;
  }

  /** Writes a field at {@link pos}, which stays, and returns the index after its value. Throws `REQUEST_HEADER_INVALID`. */
  write(field: FieldName, name: string, value: string): number {
    this.forget(this.index);
    const { pos } = this;
    const nameBytes = field.bytes;
    const valueStart = pos + nameBytes.length;
    this.reserve(valueStart + value.length + 2);
    const { bytes } = this;
    for (let index = 0; index < nameBytes.length; index++) bytes[pos + index] = nameBytes[index]!;
    const valueEnd = writeValue(bytes, this.words, valueStart, value);
    if (valueEnd < 0) throw invalidValue(name);
    bytes[valueEnd] = CR;
    bytes[valueEnd + 1] = LF;
    return valueEnd;
  }

  /** Takes over the field that was written. `repeatable`: nothing but its value is to be looked at when it comes again. */
  keep(field: FieldName, name: string, value: string, valueEnd: number, repeatable: boolean): void {
    const { index } = this;
    if (index < MOST_SLOTS) {
      const slot = this.slots[index] ?? this.addSlot();
      slot.name = name;
      slot.field = field;
      slot.value = value;
      slot.valueStart = this.pos + field.bytes.length;
      slot.end = valueEnd + 2;
      slot.repeatable = repeatable;
      slot.changes = 0;
      this.index = index + 1;
      this.standing = index + 1;
    }
    this.pos = valueEnd + 2;
  }

  /** Takes over the field that was written, after `removed` bytes of default ones were taken out before it. */
  keepMoved(valueEnd: number, removed: number): void {
    this.pos = valueEnd + 2 - removed;
    this.defaults = NOTHING;
  }

  /** Ends the head: with `Content-Length` and a blank line where `tail` is a length, else {@link BLANK} or {@link CHUNKED}. */
  end(tail: number): void {
    const { pos } = this;
    if (tail !== this.tail || pos !== this.tailStart) this.writeTail(tail, pos);
    this.pos = this.tailEnd;
  }

  /** Copies the head to `at`, where there is room for it; what lies behind it may be overwritten as well. */
  copy(into: Uint8Array, at: number): void {
    const blocks = (this.pos + 63) >> 6;
    const size = blocks << 6;
    // A view that is there already spares one of its own for each length; what stands behind the head is the caller's to overwrite.
    if (at + size <= into.length && size <= this.bytes.length) into.set(this.views[blocks] ?? this.addView(blocks), at);
    else into.set(this.bytes.subarray(0, this.pos), at);
  }

  private writeTail(tail: number, pos: number): void {
    this.forget(this.index);
    this.reserve(pos + MOST_TAIL);
    const { bytes } = this;
    const line = tail === BLANK ? BLANK_LINE : tail === CHUNKED ? CHUNKED_LINE : LENGTH_LINE;
    let at = pos;
    for (let index = 0; index < line.length; index++) bytes[at++] = line[index]!;
    this.lengthStart = tail < 0 ? 0 : at;
    if (tail >= 0) {
      at = writeDecimal(bytes, at, tail);
      for (let index = 0; index < HEAD_END.length; index++) bytes[at++] = HEAD_END[index]!;
    }
    this.tail = tail;
    this.tailStart = pos;
    this.tailEnd = at;
  }

  /** What stands from slot `index` on, and the tail, is written over. */
  private forget(index: number): void {
    if (index < this.standing) this.standing = index;
    this.tailStart = -1;
  }

  private addSlot(): FieldSlot {
    const slot = new FieldSlot();
    this.slots.push(slot);
    return slot;
  }

  private addView(blocks: number): Uint8Array {
    const view = this.bytes.subarray(0, blocks << 6);
    this.views[blocks] = view;
    return view;
  }

  private reserve(size: number): void {
    const { bytes } = this;
    if (size <= bytes.length) return;
    const grown = new Uint8Array(Math.max(size + (-size & 63), bytes.length * 2));
    grown.set(bytes, 0);
    this.bytes = grown;
    this.words = wordsOf(grown);
    this.views = [];
  }
}

/** A field as it was written last. */
export class FieldSlot {
  name = "";
  value = "";
  field: FieldName = NO_FIELD;
  /** Nothing but its value is to be looked at when it comes again. */
  repeatable = false;
  valueStart = 0;
  /** Behind its CRLF. */
  end = 0;
  /** How many times running its value was another one; after a {@link FEW} it is written without being compared. */
  changes = 0;
}

/** The head has no length, and no body follows. */
export const BLANK = -1;
/** A body follows in chunks. */
export const CHUNKED = -2;

/** Bytes of an end of the head, behind which `size` may be the number that its digits become. */
export function tailLength(tail: number, size: number): number {
  if (tail === BLANK) return BLANK_LINE.length;
  if (tail === CHUNKED) return CHUNKED_LINE.length;
  return LENGTH_LINE.length + decimalLength(Math.max(tail, size)) + HEAD_END.length;
}

/** {@link tailLength} is never more. */
export const MOST_TAIL = 40;

const NOTHING: Uint8Array = new Uint8Array(0);
const NO_FIELD: FieldName = { bytes: NOTHING, special: null };
const LENGTH_LINE: Uint8Array = latin1Bytes("Content-Length: ");
const HEAD_END: Uint8Array = latin1Bytes("\r\n\r\n");
const BLANK_LINE: Uint8Array = latin1Bytes("\r\n");
const CHUNKED_LINE: Uint8Array = latin1Bytes("Transfer-Encoding: chunked\r\n\r\n");

/** Grows where a head is larger. */
const FIRST_SIZE = 1024;
const MOST_SLOTS = 32;
const FEW = 4;
