import { describe, expect, test } from "bun:test";
import type { DeflateTerms } from "../../src/codec/ws/deflate-terms.ts";
import type { Transport } from "../../src/socket/transport.ts";
import { spinWsSettings } from "../../src/ws/spin-options.ts";
import { SpinSession } from "../../src/ws/spin-session.ts";
import { errorLine, lineOf } from "../conformance/player/lines.ts";
import { conversationOf, difference, playInMemory } from "../conformance/player/play.ts";
import type { Program, Terms } from "../conformance/player/programs.ts";
import { GROUPS } from "../conformance/vectors/all.ts";
import { AS_SENT_AND_BYTEWISE, type DeflateAgreement } from "../conformance/vectors/vector.ts";
import { PulledTransport } from "./spin-pulled.ts";

/** The spin backend's session behind the player of the conformance suite: it echoes, asked whenever something has come. */
const spin: Program = {
  name: "SpinSession",
  roles: ["client"],
  opening: "frames",
  async run(transport: Transport, _role, trace, terms: Terms) {
    const pulled = new PulledTransport(transport);
    const agreed = terms.deflate && termsOf(terms.deflate);
    const { bufferCapacity } = terms;
    const settings = spinWsSettings({
      ...(bufferCapacity === undefined ? {} : { bufferCapacity }),
      ...(agreed === null ? {} : { deflate: { threshold: 0, ...agreed.own } }),
    });
    const session = new SpinSession(pulled, settings, agreed);
    const ended = Promise.withResolvers<void>();
    let busy = false;
    pulled.onChange = () => {
      if (busy) return;
      busy = true;
      for (;;) {
        const message = session.next();
        // It asks so many times and no more: what has come for longer is asked for again.
        if (message === null && pulled.gave && !session.over) continue;
        if (message === null) break;
        trace.push(lineOf(message));
        if (session.state !== "open") continue;
        if (message.kind === "text") session.outbox.text(message.text());
        else if (message.kind === "binary") session.outbox.binary(message.bytes());
      }
      session.settle();
      if (session.hasError) trace.push(errorLine(session.takeError()));
      busy = false;
      if (session.over) ended.resolve();
    };
    return { ended: ended.promise, terminate: () => session.terminate() };
  },
};

/** What a client has agreed to. */
function termsOf(agreement: DeflateAgreement): DeflateTerms {
  const { serverMaxWindowBits, serverNoContextTakeover, clientMaxWindowBits, clientNoContextTakeover } = agreement;
  return {
    own: { windowBits: clientMaxWindowBits, contextTakeover: !clientNoContextTakeover },
    peer: { windowBits: serverMaxWindowBits, contextTakeover: !serverNoContextTakeover },
  };
}

describe.each(GROUPS.map((group) => [`${group.number} ${group.title}`, group] as const))("%s", (_, group) => {
  test.each(group.sections.map((section) => [`${section.id} ${section.title}`, section] as const))(
    "%s",
    async (__, section) => {
      const faults: string[] = [];
      for (const [at, vector] of section.vectors.entries()) {
        if (vector.role !== undefined && vector.role !== "client") continue;
        const conversation = conversationOf(vector, "client");
        for (const chop of vector.chops ?? AS_SENT_AND_BYTEWISE) {
          const fault = difference(await playInMemory(conversation, spin, chop), conversation.wanted);
          if (fault !== null) faults.push(`${section.id}.${at + 1} in pieces of ${chop}: ${fault}`);
        }
      }
      expect(faults).toEqual([]);
    },
    120_000,
  );
});
