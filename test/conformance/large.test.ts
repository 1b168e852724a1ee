/** Sizes and combinations in full: of each section the first vector, with `CONFORMANCE=whole` all. Every one must be strict in every way. */
import { expect, test } from "bun:test";
import { outcome } from "./player/judge.ts";
import { LARGE } from "./vectors/large.ts";

const WHOLE = process.env["CONFORMANCE"] === "whole";

const ROLES = ["client", "server"] as const;

test.each(LARGE.map((section) => [`${section.group} ${section.title}`, section] as const))(
  "%s",
  async (_, { vectors }) => {
    const outcomes: string[] = [];
    for (const make of WHOLE ? vectors : vectors.slice(0, 1)) {
      const vector = make();
      for (const role of ROLES) outcomes.push(`${vector.why}: ${await outcome(vector, role)}`);
    }
    expect(outcomes.filter((one) => !/: strict \d+$/.test(one))).toEqual([]);
  },
  600_000,
);
