import { wordsOf } from "../../src/codec/ascii.ts";
import { maskBytes } from "../../src/codec/mod.ts";
import { SeededRandom, seededPayload } from "../corpus.ts";
import { expectCount, type MicroCase } from "./case.ts";

/** Payloads masked in place, where a client's frame has them: six bytes behind a word boundary. */
export function mask(): readonly MicroCase[] {
  return [masking(40), masking(128), masking(512), masking(4_096), masking(65_536)];
}

function masking(size: number): MicroCase {
  return {
    name: `${size}`,
    items: TIMES,
    prepare() {
      const bytes = seededPayload(new SeededRandom(size), "binary", START + size + 2);
      const words = wordsOf(bytes);
      const before = bytes[START] ?? 0;
      return () => {
        for (let i = 0; i < TIMES; i++) maskBytes(bytes, words, START, START + size, 0x11223344 + (i >> 1), 0);
        expectCount("first byte, masked an even number of times", bytes[START] ?? -1, before);
      };
    },
  };
}

const START = 6;
const TIMES = 64;
