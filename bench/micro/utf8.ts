import { isUtf8 } from "node:buffer";
import { isAscii, wordsOf } from "../../src/codec/ascii.ts";
import { UTF8_ACCEPT, utf8Step } from "../../src/codec/utf8.ts";
import { type PayloadKind, SeededRandom, seededPayload } from "../corpus.ts";
import { expectCount, type MicroCase } from "./case.ts";

/** Validity of text: the word-wise ASCII check, the table, and Bun's own `isUtf8` over a view, for comparison. */
export function utf8(): readonly MicroCase[] {
  return [
    ...[40, 128, 512].flatMap((size) => [checking("isAscii", "ascii", size), checking("isUtf8", "ascii", size)]),
    ...[40, 128, 512].flatMap((size) => [checking("utf8Step", "wide", size), checking("isUtf8", "wide", size)]),
  ];
}

function checking(check: "isAscii" | "utf8Step" | "isUtf8", kind: PayloadKind, size: number): MicroCase {
  return {
    name: `${size} ${kind} ${check}`,
    items: TEXTS,
    prepare() {
      const random = new SeededRandom(size);
      const bytes = Buffer.concat(Array.from({ length: TEXTS }, () => seededPayload(random, kind, size)));
      const words = wordsOf(bytes);
      return () => {
        let valid = 0;
        for (let start = 0; start < bytes.length; start += size) {
          const end = start + size;
          if (check === "isAscii") valid += isAscii(bytes, words, start, end) ? 1 : 0;
          else if (check === "utf8Step") valid += utf8Step(bytes, start, end, UTF8_ACCEPT) === UTF8_ACCEPT ? 1 : 0;
          else valid += isUtf8(bytes.subarray(start, end)) ? 1 : 0;
        }
        expectCount("number of valid texts", valid, TEXTS);
      };
    },
  };
}

const TEXTS = 64;
