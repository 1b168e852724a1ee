import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Role } from "../../src/codec/ws/opcode.ts";
import { conversationOf, difference, playOver, withoutMarks } from "./player/play.ts";
import { PROGRAMS } from "./player/programs.ts";
import { Sockets } from "./player/sockets.ts";
import { GROUPS } from "./vectors/all.ts";
import type { Vector } from "./vectors/vector.ts";

const WHOLE = process.env["CONFORMANCE"] === "whole";
/** Of each section its first vectors and every fifth of the others; with `CONFORMANCE=whole` all. */
const SOME = GROUPS.flatMap(({ sections }) => sections)
  .filter(({ id }) => !id.startsWith("9."))
  .flatMap(({ id, vectors }) => vectors.map((vector, at) => ({ id: `${id}.${at + 1}`, vector, at })))
  .filter(({ at }) => WHOLE || at < 2 || at % 5 === 0);
/** 256 KiB in one frame, 1 MiB in pieces that cut characters, 16 MiB at once. */
const LARGE = [vectorOf("9.1", 1), vectorOf("9.3", 4), vectorOf("9.2", 5)];

describe.each([
  ["TCP", false],
  ["TLS", true],
])("over %s", (_, tls) => {
  let sockets: Sockets;
  beforeAll(() => {
    sockets = new Sockets({ tls });
  });
  afterAll(() => sockets[Symbol.dispose]());

  const fault = async (vector: Vector, role: Role, name: string): Promise<string | null> => {
    const conversation = conversationOf(vector, role);
    const program = PROGRAMS.find((one) => one.name === name);
    if (program === undefined) throw new Error(`Cannot find program ${name}`);
    return difference(
      await playOver(await sockets.pair(role), conversation, program),
      withoutMarks(conversation.wanted),
    );
  };

  describe.each(["WsConnection", "WsStream"])("%s", (name) => {
    test.each(["client", "server"] as const)(
      "a part of the vectors as %s",
      async (role) => {
        const faults: string[] = [];
        for (const { id, vector } of SOME.filter((one) => one.vector.role === undefined || one.vector.role === role)) {
          const found = await fault(vector, role, name);
          if (found !== null) faults.push(`${id}: ${found}`);
        }
        expect(faults).toEqual([]);
      },
      60_000,
    );

    test.each(["client", "server"] as const)(
      "large messages as %s",
      async (role) => {
        for (const vector of LARGE) expect(await fault(vector, role, name)).toBeNull();
      },
      60_000,
    );
  });
});

function vectorOf(section: string, index: number): Vector {
  const vector = GROUPS.flatMap(({ sections }) => sections).find(({ id }) => id === section)?.vectors[index];
  if (vector === undefined) throw new Error(`Cannot find vector ${index} of ${section}`);
  return vector;
}
