import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { committedSections, judged, rendered } from "./player/judge.ts";
import { GROUPS } from "./vectors/all.ts";

const UPDATE = process.env["UPDATE_CONFORMANCE"] === "1";
const path = join(import.meta.dir, "results.md");
const sections = committedSections(UPDATE ? "" : await Bun.file(path).text());
const results = new Map<string, string>();

describe.each(GROUPS.map((group) => [`${group.number} ${group.title}`, group] as const))("%s", (_, group) => {
  test.each(group.sections.map((section) => [`${section.id} ${section.title}`, section] as const))(
    "%s",
    async (__, section) => {
      const result = await judged(section);
      results.set(section.id, result);
      if (!UPDATE) expect(result).toBe(sections.get(section.id) ?? "not in results.md");
    },
    120_000,
  );
});

test("the results hold these sections, and nothing else", async () => {
  if (UPDATE) await Bun.write(path, rendered(GROUPS, results));
  const text = await Bun.file(path).text();
  expect(rendered(GROUPS, committedSections(text))).toBe(text);
  expect([...committedSections(text).keys()]).toEqual(GROUPS.flatMap((group) => group.sections.map(({ id }) => id)));
});
