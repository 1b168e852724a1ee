import { GROUPS } from "./all.ts";
import type { Vector } from "./vector.ts";

const WHOLE = process.env["CONFORMANCE"] === "whole";

/** What is played where each conversation costs a connection: of every section some, with `CONFORMANCE=whole` all. */
export const SAMPLE: readonly { readonly id: string; readonly vector: Vector }[] = GROUPS.flatMap(
  ({ number, sections }) =>
    sections.flatMap(({ id, vectors }) =>
      vectors
        .map((vector, at) => ({ id: `${id}.${at + 1}`, vector, at }))
        .filter(({ at }) => WHOLE || at === 0 || (number !== 9 && at % 10 === 1)),
    ),
);
