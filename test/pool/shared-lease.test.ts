import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { newBoard } from "../../src/pool/shared-board.ts";
import {
  changeLease,
  holderOf,
  inState,
  isStep,
  LEASE_STATES,
  leaseWord,
  loadLease,
  nextLease,
  ownWord,
  sameLease,
  stateOf,
} from "../../src/pool/shared-lease.ts";
import { FUZZ_TIMEOUT } from "../helpers/fuzz.ts";

const { OWN, HANDED, HELD, WRITING, ASKED, SENDING, ANSWERED, RETURNED, ABANDONED } = LEASE_STATES;
const ALL = Object.values(LEASE_STATES);

describe("a lease's word", () => {
  test("holds tag, holder and state", () => {
    for (const state of ALL) {
      const word = leaseWord(0xabcde, 0xff, state);
      expect([stateOf(word), holderOf(word)]).toEqual([state, 0xff]);
      expect(inState(word, HELD)).toBe(leaseWord(0xabcde, 0xff, HELD));
      expect(ownWord(word)).toBe(leaseWord(0xabcde, 0, OWN));
      expect(sameLease(word, inState(word, SENDING))).toBe(true);
      expect(sameLease(word, leaseWord(0xabcde, 0xfe, state))).toBe(false);
      expect(sameLease(word, leaseWord(0xabcdd, 0xff, state))).toBe(false);
    }
  });

  test("counts leases, and begins again after 2^20", () => {
    expect(nextLease(leaseWord(7, 0, OWN), 3, HANDED)).toBe(leaseWord(8, 3, HANDED));
    expect(nextLease(leaseWord(0xfffff, 9, HELD), 3, HANDED)).toBe(leaseWord(0, 3, HANDED));
  });
});

describe("the table", () => {
  test("lets every state end as the owner's, and be reached from it", () => {
    const reached = new Set<number>([OWN]);
    for (const from of reached) for (const to of ALL) if (isStep(from, to)) reached.add(to);
    expect(reached.size).toBe(ALL.length);
    expect(ALL.filter((state) => state !== OWN && !isStep(state, OWN))).toEqual([]);
  });

  test("has the way of a request, and no way around the owner", () => {
    const way = [OWN, HANDED, HELD, WRITING, ASKED, SENDING, ANSWERED, HELD, RETURNED, OWN];
    for (let at = 1; at < way.length; at++) expect(isStep(way[at - 1] ?? OWN, way[at] ?? OWN)).toBe(true);
    for (const state of ALL) {
      expect(isStep(state, SENDING)).toBe(state === ASKED);
      expect(isStep(state, ANSWERED)).toBe(state === SENDING);
      expect(isStep(state, ABANDONED)).toBe(state === ASKED || state === SENDING);
      expect(isStep(RETURNED, state)).toBe(state === OWN);
      expect(isStep(OWN, state)).toBe(state === HANDED);
    }
  });
});

test("a lease changes where it is what it is taken for, and where the table has the step", () => {
  const sizes = { slots: 2, requestCapacity: 8, responseCapacity: 8, headersCapacity: 8, ownerThread: 0 };
  const { words } = newBoard(sizes);
  const handed = leaseWord(1, 2, HANDED);
  expect(changeLease(words, 1, leaseWord(0, 0, OWN), handed)).toBe(true);
  expect(changeLease(words, 1, leaseWord(0, 0, OWN), handed)).toBe(false);
  expect(changeLease(words, 1, handed, leaseWord(1, 2, SENDING))).toBe(false);
  expect([loadLease(words, 0), loadLease(words, 1)]).toEqual([0, handed]);
});

test(
  "an owner and three holders, their accesses in any order, each of them dead at any time",
  async () => {
    const script = fileURLToPath(new URL("./children/lease-model.ts", import.meta.url));
    const child = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "inherit" });
    const output = await child.stdout.text();
    console.log(output.trim());
    expect({ exitCode: await child.exited, held: output.endsWith("held\n") }).toEqual({ exitCode: 0, held: true });
  },
  FUZZ_TIMEOUT,
);
