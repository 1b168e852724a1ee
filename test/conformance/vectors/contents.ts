import { utf8 } from "../../helpers/bytes.ts";
import { below, seededRandom } from "../../helpers/random.ts";

/** What compressed messages are made of. */
export interface Content {
  readonly title: string;
  readonly kind: "text" | "binary";
  /** The message of this number, `size` bytes, the same each time. */
  readonly make: (size: number, number: number) => Uint8Array;
}

const SENTENCES: readonly string[] = [
  "Le cœur déçu mais l’âme plutôt naïve. ",
  "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ",
  "Съешь ещё этих мягких французских булок. ",
  "いろはにほへと ちりぬるを。",
  "😀 😃 😄 ",
];

/** From what shrinks to nothing to what grows. */
export const CONTENTS: readonly Content[] = [
  { title: "Order books in JSON", kind: "text", make: books },
  { title: "Prose beyond ASCII", kind: "text", make: prose },
  { title: "One byte, again and again", kind: "binary", make: (size) => new Uint8Array(size).fill(0x55) },
  { title: "Numbers that change little", kind: "binary", make: numbers },
  { title: "Noise, which does not shrink", kind: "binary", make: noise },
];

/** Two books of one market. */
export const BOOKS: readonly Uint8Array[] = [books(340, 0), books(340, 1)];

function books(size: number, number: number): Uint8Array {
  const random = seededRandom(number + 1);
  let text = `{"e":"depthUpdate","s":"BTCUSDT","u":${1_000_000 + number},"b":[`;
  while (text.length < size)
    text += `["${60_000 - below(random, 5000)}.${below(random, 100)}","${below(random, 90)}.5"],`;
  return utf8(text).subarray(0, size);
}

/** Cut where a character ends, and filled with dots. */
function prose(size: number, number: number): Uint8Array {
  const text = new Uint8Array(size).fill(0x2e);
  const sentences = SENTENCES.map(utf8);
  const random = seededRandom(number + 99);
  for (let at = 0; ; ) {
    const sentence = sentences[below(random, sentences.length)] ?? text;
    if (at + sentence.length > size) return text;
    text.set(sentence, at);
    at += sentence.length;
  }
}

function numbers(size: number, number: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => ((at & 7) === 0 ? (at >> 3) + number : (at & 7) * 3));
}

function noise(size: number, number: number): Uint8Array {
  const random = seededRandom(size + number * 7);
  return Uint8Array.from({ length: size }, () => below(random, 256));
}
