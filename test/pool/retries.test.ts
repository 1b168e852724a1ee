import { expect, test } from "bun:test";
import { Retries, type Retry } from "../../src/pool/retries.ts";
import { turn, until } from "../helpers/wait.ts";

/** Makes things whose attempts end as they are told, and writes down which were attempted or put off. */
function attempts(): { lines: string[]; make: (name: string, outcome?: Promise<Error | null>) => Retry } {
  const lines: string[] = [];
  const make = (name: string, outcome: Promise<Error | null> = Promise.resolve(null)): Retry => ({
    retry: () => {
      lines.push(`${name} attempted`);
      return outcome;
    },
    putOff: ({ message }) => lines.push(`${name} put off: ${message}`),
  });
  return { lines, make };
}

test("what is alone is attempted once, within its bounds, which are random", async () => {
  const retries = new Retries(NEVER);
  const { lines, make } = attempts();
  const delays = Array.from({ length: 50 }, () => {
    const retry = make("never");
    const delay = retries.add(retry, 1_000, 2_000);
    retries.cancel(retry);
    return delay;
  });
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...delays)).toBeLessThanOrEqual(2_000);
  expect(new Set(delays).size).toBeGreaterThan(10);
  expect(retries.add(make("one"), 5, 5)).toBe(5);
  await until(() => lines.length > 0);
  await Bun.sleep(20);
  expect(lines).toEqual(["one attempted"]);
});

test("those that may come together do: where the first succeeds the others follow", async () => {
  const retries = new Retries(NEVER);
  const { lines, make } = attempts();
  const { promise, resolve } = Promise.withResolvers<null>();
  const delay = retries.add(make("one", promise), 10, 30);
  expect(retries.add(make("two"), 1, 60)).toBeLessThanOrEqual(delay);
  retries.add(make("three"), 1, 60);
  await until(() => lines.length > 0);
  await turn();
  expect(lines).toEqual(["one attempted"]);
  resolve(null);
  await turn();
  expect(lines).toEqual(["one attempted", "two attempted", "three attempted"]);
});

test("where it fails the others are put off, and can be added again", async () => {
  const retries = new Retries(NEVER);
  const { lines, make } = attempts();
  const two = make("two");
  retries.add(make("one", Promise.resolve(new Error("refused"))), 5, 5);
  retries.add(two, 1, 60);
  await until(() => lines.length === 2);
  retries.add(two, 1, 2);
  await until(() => lines.length === 3);
  expect(lines).toEqual(["one attempted", "two put off: refused", "two attempted"]);
});

test("where it is not answered the others go on without it, once", async () => {
  const retries = new Retries(1);
  const { lines, make } = attempts();
  const { promise, resolve } = Promise.withResolvers<Error>();
  retries.add(make("one", promise), 5, 5);
  retries.add(make("two"), 1, 60);
  await until(() => lines.length === 2);
  resolve(new Error("late"));
  await turn();
  expect(lines).toEqual(["one attempted", "two attempted"]);
});

test("bounds that do not meet are kept: each is attempted at its own moment", async () => {
  const retries = new Retries(NEVER);
  const { lines, make } = attempts();
  const { promise } = Promise.withResolvers<null>();
  retries.add(make("late", promise), 60, 60);
  retries.add(make("early", promise), 5, 10);
  await until(() => lines.length === 2);
  expect(lines).toEqual(["early attempted", "late attempted"]);
});

test("without any room those meet that are added at once", async () => {
  const retries = new Retries(NEVER);
  const { lines, make } = attempts();
  const { promise } = Promise.withResolvers<null>();
  const delays = Array.from({ length: 1_000 }, (_, n) => retries.add(make(`${n}`, promise), 8, 8));
  expect(new Set(delays)).toEqual(new Set([8]));
  await until(() => lines.length > 0);
  await Bun.sleep(30);
  // One for each millisecond that it took to add them.
  expect(lines.length).toBeLessThan(500);
});

test("what is cancelled is neither attempted nor put off, before and while another one goes ahead", async () => {
  const retries = new Retries(NEVER);
  const { lines, make } = attempts();
  const [one, three, four] = [make("one"), make("three"), make("four")];
  const { promise, resolve } = Promise.withResolvers<Error>();
  retries.add(one, 5, 5);
  retries.add(make("two", promise), 1, 60);
  retries.add(three, 1, 60);
  retries.add(four, 1, 60);
  retries.cancel(one);
  await until(() => lines.length === 1);
  retries.cancel(three);
  retries.cancel(make("one that was never added"));
  resolve(new Error("refused"));
  await turn();
  expect(lines).toEqual(["two attempted", "four put off: refused"]);
});

/** Milliseconds: longer than any test takes. */
const NEVER = 1_000_000;
