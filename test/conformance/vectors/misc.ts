import { bytesOf, echoed, inFrames, letters, pieces } from "./build.ts";
import type { Section } from "./vector.ts";

const KIB_64: string = letters(65_536);

/** Messages as senders cut them that fragment by themselves: RFC 6455 section 5.4. */
export const MISC: readonly Section[] = [
  {
    id: "10.1",
    title: "Automatic fragmentation",
    vectors: [1300, 1000, 1024, 65_535, 65_536].map((size) => ({
      why: `64 KiB of text, sent in fragments of ${size} bytes at most (section 5.4)`,
      script: inFrames(1, pieces(bytesOf(KIB_64), size)),
      events: echoed("text", KIB_64),
      chops: [0, 997, 1024],
    })),
  },
];
