import { describe, expect, test } from "bun:test";
import type { DeflateWindow } from "../../../src/codec/ws/deflate-engine.ts";
import { extensionsOf } from "../../../src/codec/ws/deflate-extension.ts";
import {
  answerDeflateOffers,
  type DeflateTerms,
  deflateOffer,
  judgeDeflateAnswer,
} from "../../../src/codec/ws/deflate-terms.ts";

const ALL = terms();

describe("a client's offer", () => {
  test.each([
    [ALL, "permessage-deflate; client_max_window_bits"],
    [terms({ windowBits: 10 }), "permessage-deflate; client_max_window_bits=10"],
    [terms({}, { windowBits: 8 }), "permessage-deflate; server_max_window_bits=8; client_max_window_bits"],
    [terms({ contextTakeover: false }), "permessage-deflate; client_no_context_takeover; client_max_window_bits"],
    [terms({}, { contextTakeover: false }), "permessage-deflate; server_no_context_takeover; client_max_window_bits"],
    [
      terms({ windowBits: 9, contextTakeover: false }, { windowBits: 12, contextTakeover: false }),
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=9",
    ],
  ])("%#", (wanted, text) => {
    expect(deflateOffer(wanted)).toBe(text);
  });
});

describe("a server's answer, judged by the client", () => {
  const GOOD: readonly (readonly [parameters: string, wanted: DeflateTerms, agreed: DeflateTerms])[] = [
    ["", ALL, ALL],
    ["; server_no_context_takeover", ALL, terms({}, { contextTakeover: false })],
    ["; client_no_context_takeover", ALL, terms({ contextTakeover: false })],
    ["; server_max_window_bits=8", ALL, terms({}, { windowBits: 8 })],
    ["; server_max_window_bits=15", ALL, ALL],
    ['; server_max_window_bits="10"', ALL, terms({}, { windowBits: 10 })],
    ["; client_max_window_bits=8", ALL, terms({ windowBits: 8 })],
    ["; client_max_window_bits=9", terms({ windowBits: 10 }), terms({ windowBits: 9 })],
    // The client limits itself where the server says nothing.
    ["", terms({ windowBits: 10 }), terms({ windowBits: 10 })],
    ["", terms({ contextTakeover: false }), terms({ contextTakeover: false })],
    ["; server_max_window_bits=9", terms({}, { windowBits: 10 }), terms({}, { windowBits: 9 })],
    [
      "; client_max_window_bits=8; server_max_window_bits=8; client_no_context_takeover; server_no_context_takeover",
      ALL,
      terms({ windowBits: 8, contextTakeover: false }, { windowBits: 8, contextTakeover: false }),
    ],
  ];
  test.each(GOOD)("agrees on %j", (parameters, wanted, agreed) => {
    expect(judge(`permessage-deflate${parameters}`, wanted)).toEqual(agreed);
  });

  const BAD: readonly (readonly [answer: string, wanted: DeflateTerms, why: string])[] = [
    ["x-webkit-deflate-frame", ALL, "an extension was chosen that was not offered"],
    ["permessage-deflate, foo", ALL, "an extension was chosen that was not offered"],
    ["Permessage-Deflate", ALL, "an extension was chosen that was not offered"],
    ["permessage-deflate, permessage-deflate", ALL, "permessage-deflate was chosen twice"],
    ["permessage-deflate; foo", ALL, 'permessage-deflate has no parameter "foo"'],
    ["permessage-deflate; server_no_context_takeover=1", ALL, "server_no_context_takeover has a value"],
    ["permessage-deflate; client_no_context_takeover=true", ALL, "client_no_context_takeover has a value"],
    [
      "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
      ALL,
      "server_no_context_takeover is given twice",
    ],
    [
      "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10",
      ALL,
      "client_max_window_bits is given twice",
    ],
    ["permessage-deflate; client_max_window_bits", ALL, "client_max_window_bits has no value"],
    ["permessage-deflate; server_max_window_bits", ALL, "server_max_window_bits is not 8 to 15"],
    ...["7", "16", "08", "010", "1", "0x9", "9.0", "+9", "99", "1e1"].flatMap((bits) =>
      ["server_max_window_bits", "client_max_window_bits"].map(
        (name) => [`permessage-deflate; ${name}=${bits}`, ALL, `${name} is not 8 to 15`] as const,
      ),
    ),
    [
      "permessage-deflate; server_max_window_bits=11",
      terms({}, { windowBits: 10 }),
      "server_max_window_bits is 11 where 10 was offered",
    ],
    ["permessage-deflate", terms({}, { windowBits: 10 }), "server_max_window_bits is 15 where 10 was offered"],
    [
      "permessage-deflate; client_max_window_bits=11",
      terms({ windowBits: 10 }),
      "client_max_window_bits is 11 where 10 was offered",
    ],
    [
      "permessage-deflate",
      terms({}, { contextTakeover: false }),
      "server_no_context_takeover was asked for and not granted",
    ],
  ];
  test.each(BAD)("fails on %j", (answer, wanted, why) => {
    expect(judge(answer, wanted)).toBe(why);
  });
});

describe("a client's offers, answered by the server", () => {
  const GRANTED: readonly (readonly [offers: string, limits: DeflateTerms, text: string, agreed: DeflateTerms])[] = [
    ["", ALL, "", ALL],
    ["; client_max_window_bits", ALL, "", ALL],
    ["; client_max_window_bits=15", ALL, "", ALL],
    ["; client_max_window_bits=10", ALL, "; client_max_window_bits=10", terms({}, { windowBits: 10 })],
    [
      "; client_max_window_bits",
      terms({}, { windowBits: 9 }),
      "; client_max_window_bits=9",
      terms({}, { windowBits: 9 }),
    ],
    [
      "; client_max_window_bits=8",
      terms({}, { windowBits: 9 }),
      "; client_max_window_bits=8",
      terms({}, { windowBits: 8 }),
    ],
    ["; server_max_window_bits=15", ALL, "; server_max_window_bits=15", ALL],
    ["; server_max_window_bits=8", ALL, "; server_max_window_bits=8", terms({ windowBits: 8 })],
    [
      "; server_max_window_bits=12",
      terms({ windowBits: 10 }),
      "; server_max_window_bits=10",
      terms({ windowBits: 10 }),
    ],
    ["", terms({ windowBits: 10 }), "; server_max_window_bits=10", terms({ windowBits: 10 })],
    ["; server_no_context_takeover", ALL, "; server_no_context_takeover", terms({ contextTakeover: false })],
    ["; client_no_context_takeover", ALL, "; client_no_context_takeover", terms({}, { contextTakeover: false })],
    [
      "",
      terms({ contextTakeover: false }, { contextTakeover: false }),
      "; server_no_context_takeover; client_no_context_takeover",
      terms({ contextTakeover: false }, { contextTakeover: false }),
    ],
    [
      '; server_no_context_takeover; client_max_window_bits="11"; server_max_window_bits=9; client_no_context_takeover',
      ALL,
      "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=11",
      terms({ windowBits: 9, contextTakeover: false }, { windowBits: 11, contextTakeover: false }),
    ],
  ];
  test.each(GRANTED)("grants %j", (offer, limits, text, agreed) => {
    expect(answer(`permessage-deflate${offer}`, limits)).toEqual({ text: `permessage-deflate${text}`, terms: agreed });
  });

  const PASSED_OVER = [
    "foo",
    "permessage-bzip2; client_max_window_bits",
    "permessage-deflate; foo",
    "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; client_max_window_bits=010",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_no_context_takeover=0",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
  ];
  test.each(PASSED_OVER)("passes over %j", (offer) => {
    expect(answer(offer, ALL)).toBeNull();
    expect(answer(`${offer}, permessage-deflate; client_max_window_bits=9`, ALL)).toEqual({
      text: "permessage-deflate; client_max_window_bits=9",
      terms: terms({}, { windowBits: 9 }),
    });
  });

  test("of several it takes the first that it can grant", () => {
    const offers =
      "permessage-deflate; server_max_window_bits=10; client_max_window_bits=12, permessage-deflate; client_max_window_bits, permessage-deflate";
    expect(answer(offers, ALL)?.text).toBe("permessage-deflate; server_max_window_bits=10; client_max_window_bits=12");
  });

  test("a limit for a client that cannot be told passes the offer over", () => {
    const limits = terms({}, { windowBits: 10 });
    expect(answer("permessage-deflate", limits)).toBeNull();
    expect(answer("permessage-deflate, permessage-deflate; client_max_window_bits", limits)?.text).toBe(
      "permessage-deflate; client_max_window_bits=10",
    );
  });

  test("what a server answers a client of this library agrees to, from both ends", () => {
    const windows = [8, 9, 12, 15].flatMap((windowBits) =>
      [true, false].map((contextTakeover) => ({ windowBits, contextTakeover })),
    );
    let agreed = 0;
    for (const clientOwn of windows) {
      for (const clientPeer of windows) {
        for (const serverOwn of windows) {
          for (const serverPeer of windows) {
            const wanted = { own: clientOwn, peer: clientPeer };
            const made = answer(deflateOffer(wanted), { own: serverOwn, peer: serverPeer });
            if (made === null) throw new Error("an offer with client_max_window_bits was passed over");
            expect(judge(made.text, wanted)).toEqual({ own: made.terms.peer, peer: made.terms.own });
            agreed++;
          }
        }
      }
    }
    expect(agreed).toBe(8 ** 4);
  });
});

function terms(own: Partial<DeflateWindow> = {}, peer: Partial<DeflateWindow> = {}): DeflateTerms {
  const whole: DeflateWindow = { windowBits: 15, contextTakeover: true };
  return { own: { ...whole, ...own }, peer: { ...whole, ...peer } };
}

function judge(answered: string, wanted: DeflateTerms): DeflateTerms | string {
  return judgeDeflateAnswer(extensionsOf(answered) ?? [], wanted);
}

function answer(offers: string, limits: DeflateTerms): ReturnType<typeof answerDeflateOffers> {
  return answerDeflateOffers(extensionsOf(offers) ?? [], limits);
}
