import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { conversationOf, difference, playOver, withoutMarks } from "./player/play.ts";
import { PROGRAMS } from "./player/programs.ts";
import { Sockets } from "./player/sockets.ts";
import { SAMPLE } from "./vectors/sample.ts";

const OVER_SOCKETS = PROGRAMS.filter(({ opening }) => opening === "handshake").map(
  (program) => [program.name, program] as const,
);

describe.each([
  ["TCP", false],
  ["TLS", true],
])("over %s", (_, tls) => {
  let sockets: Sockets;
  beforeAll(() => {
    sockets = new Sockets({ tls });
  });
  afterAll(() => sockets[Symbol.dispose]());

  describe.each(OVER_SOCKETS)("%s", (__, program) => {
    const roles = ["client", "server"] as const;
    test.each(roles)(
      "as %s",
      async (role) => {
        const faults: string[] = [];
        for (const { id, vector } of SAMPLE) {
          if ((vector.role ?? role) !== role) continue;
          const conversation = conversationOf(vector, role);
          const trace = await playOver(await sockets.pair(role, conversation.deflate), conversation, program);
          const fault = difference(trace, withoutMarks(conversation.wanted));
          if (fault !== null) faults.push(`${id}: ${fault}`);
        }
        expect(faults).toEqual([]);
      },
      120_000,
    );
  });
});
