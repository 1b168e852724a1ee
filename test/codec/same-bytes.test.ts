import { expect, test } from "bun:test";
import { sameBytes } from "../../src/codec/same-bytes.ts";

test("bytes are the same where each of them is, on memory of either kind and at any place in it", () => {
  for (const buffer of [new ArrayBuffer(256), new SharedArrayBuffer(256)]) {
    for (let length = 0; length < 40; length++) {
      const one = new Uint8Array(buffer, 3, length).map((_, index) => index * 7);
      const other = new Uint8Array(buffer, 129, length);
      other.set(one);
      expect(sameBytes(one, other)).toBe(true);
      expect(sameBytes(one, new Uint8Array(buffer, 129, length + 1))).toBe(false);
      for (let at = 0; at < length; at++) {
        other[at] = one[at]! ^ 0x80;
        expect(sameBytes(one, other)).toBe(false);
        other[at] = one[at]!;
      }
    }
  }
});
