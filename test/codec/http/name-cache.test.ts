import { expect, test } from "bun:test";
import { NameCache } from "../../../src/codec/http/name-cache.ts";

test("a name is encoded once", () => {
  const encoded: string[] = [];
  const cache = new NameCache((name) => {
    encoded.push(name);
    return { name };
  });
  const first = cache.of("X-Key");
  expect(first).toEqual({ name: "X-Key" });
  expect(cache.of(["X", "Key"].join("-"))).toBe(first);
  expect(cache.of("x-key")).toEqual({ name: "x-key" });
  expect(encoded).toEqual(["X-Key", "x-key"]);
});

test("names without end do not fill the memory", () => {
  let encodings = 0;
  const cache = new NameCache(() => ++encodings);
  for (let round = 0; round < 2; round++) for (let index = 0; index < 1000; index++) cache.of(`name-${index}`);
  expect(encodings).toBeGreaterThan(1000);
  expect(cache.of("name-0")).toBe(1);
  expect(cache["known"].size).toBeLessThanOrEqual(128);
  expect(cache.of("x".repeat(1000))).not.toBe(cache.of("x".repeat(1000)));
});

test("a name that must not be written is refused each time", () => {
  const cache = new NameCache((name) => {
    throw new Error(name);
  });
  for (let round = 0; round < 2; round++) expect(() => cache.of("bad")).toThrow("bad");
});
