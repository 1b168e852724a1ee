/**
 * The vectors themselves are on trial here: an implementation that is not ours must do what they say, in both roles, and where it does not
 * the rule it breaks is written down.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { NodeEcho } from "./peers/node-echo.ts";
import { conversationOf, playTo, withoutMarks } from "./player/play.ts";
import { SAMPLE } from "./vectors/sample.ts";

const ROLES = ["client", "server"] as const;

/** What `ws` does otherwise: it takes lengths that are not in their shortest form, and calls 2^63 too large instead of wrong. */
const LAX: ReadonlySet<string> = new Set(Array.from({ length: 8 }, (_, at) => `1.4.${at + 1}`));

let plain: NodeEcho;
let deflating: NodeEcho;
beforeAll(async () => {
  [plain, deflating] = await Promise.all([NodeEcho.start({ deflate: false }), NodeEcho.start({ deflate: true })]);
});
afterAll(async () => {
  await plain[Symbol.asyncDispose]();
  await deflating[Symbol.asyncDispose]();
});

test.each(ROLES)(
  "ws as %s does what the vectors say",
  async (role) => {
    const others: string[] = [];
    for (const { id, vector } of SAMPLE) {
      // What `ws` wants for itself is not on trial.
      if ((vector.role ?? role) !== role || vector.deflate?.wantedBy === "program") continue;
      const conversation = conversationOf(vector, role);
      const node = conversation.deflate === null ? plain : deflating;
      const sent = await playTo(await node.peer(role, conversation.deflate), conversation);
      const wanted = withoutMarks(conversation.wanted).sent.slice(0, -1);
      if (Bun.deepEquals(sent, wanted) !== LAX.has(id)) continue;
      others.push(`${id}: ${sent.slice(0, 3)} where ${LAX.has(id) ? "it was lax" : wanted.slice(0, 3)}`);
    }
    expect(others).toEqual([]);
  },
  120_000,
);
