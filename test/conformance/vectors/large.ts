import { messagesOf, SIZES, USUAL } from "./compression.ts";
import { CONTENTS } from "./contents.ts";
import { CHOPS, FRAGMENTS, inFragments, inPieces } from "./limits.ts";
import type { Vector } from "./vector.ts";

/** Vectors that take long, made when they are played; the first of each is the quickest. */
export interface LargeSection {
  readonly group: 9 | 12 | 13;
  readonly title: string;
  readonly vectors: readonly (() => Vector)[];
}

const MIB = 1 << 20;
const KINDS = ["text", "binary"] as const;
const WAYS = [false, true] as const;

/** The sizes of groups 9, 12 and 13 in full, where {@link GROUPS} have them smaller or fewer. */
export const LARGE: readonly LargeSection[] = [
  ...KINDS.flatMap((kind): LargeSection[] => [
    {
      group: 9,
      title: `4 MiB of ${kind} in fragments of every size`,
      vectors: FRAGMENTS.toReversed().map((size) => () => inFragments(kind, 4 * MIB, size)),
    },
    {
      group: 9,
      title: `16 MiB of ${kind} that arrive in pieces of every size`,
      vectors: CHOPS.toReversed().map((size) => () => inPieces(kind, 16 * MIB, size)),
    },
  ]),
  ...CONTENTS.map(
    (content): LargeSection => ({
      group: 12,
      title: `${content.title}: 1,000 messages of every size up to 8 KiB, 100 of those up to 128 KiB`,
      vectors: SIZES.map((size) => () => messagesOf(content, size, size > 10_000 ? 100 : 1000)),
    }),
  ),
  ...WAYS.flatMap((serverNoContextTakeover) =>
    WAYS.flatMap((clientNoContextTakeover) =>
      [8, 9, 15].map((bits): LargeSection => {
        const deflate = {
          ...USUAL,
          serverNoContextTakeover,
          clientNoContextTakeover,
          serverMaxWindowBits: bits,
          clientMaxWindowBits: bits,
        };
        const forgets = `server ${serverNoContextTakeover ? "forgets" : "keeps"}, client ${clientNoContextTakeover ? "forgets" : "keeps"}`;
        return {
          group: 13,
          title: `${bits} bits each way, ${forgets}: messages of every kind and size`,
          vectors: SIZES.flatMap((size) =>
            CONTENTS.map((content) => () => ({ ...messagesOf(content, size, 5), deflate })),
          ),
        };
      }),
    ),
  ),
];
