import { describe, expect, test } from "bun:test";
import { Socks5Dialogue, type Socks5Request } from "../../src/socket/socks5-dialogue.ts";
import { splitsOf } from "../helpers/splits.ts";

const LOGIN = { user: Buffer.from("üser"), password: Buffer.from("word") };
const NAME: Socks5Request = { hostname: "venue.example", port: 443, login: null };

const GRANTED = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/** Plays the proxy: `answers` one a turn, each cut in every way; returns what the dialogue said and where it ended. */
function* play(request: Socks5Request, answers: readonly (readonly number[])[]): Generator<Played> {
  const last = answers.at(-1) ?? [];
  for (const chunks of splitsOf(Uint8Array.from(last))) {
    const dialogue = new Socks5Dialogue(request);
    const said = [dialogue.message];
    const hear = (chunk: Uint8Array): void => {
      if (dialogue.outcome !== null) return;
      dialogue.read(chunk);
      if (dialogue.message !== said.at(-1)) said.push(dialogue.message);
    };
    for (const answer of answers.slice(0, -1)) hear(Uint8Array.from(answer));
    for (const chunk of chunks) hear(chunk);
    yield { dialogue, said: said.map((message) => [...message]) };
  }
}

interface Played {
  readonly dialogue: Socks5Dialogue;
  readonly said: readonly (readonly number[])[];
}

describe("what is said", () => {
  const name = [5, 1, 0, 3, 13, ...Buffer.from("venue.example"), 1, 187];

  test("without a login: one method, then the request with the name as it is", () => {
    for (const { said, dialogue } of play(NAME, [[5, 0], GRANTED])) {
      expect(said).toEqual([[5, 1, 0], name]);
      expect(dialogue.outcome).toEqual({ open: true, rest: new Uint8Array(0) });
    }
  });

  test("with a login that the proxy asks for", () => {
    for (const { said, dialogue } of play({ ...NAME, login: LOGIN }, [[5, 2], [1, 0], GRANTED])) {
      expect(said).toEqual([[5, 2, 0, 2], [1, 5, ...LOGIN.user, 4, ...LOGIN.password], name]);
      expect(dialogue.outcome?.open).toBe(true);
    }
  });

  test("with a login that the proxy does not ask for, which is not told then", () => {
    for (const { said } of play({ ...NAME, login: LOGIN }, [[5, 0], GRANTED])) {
      expect(said).toEqual([[5, 2, 0, 2], name]);
    }
  });

  test.each([
    ["203.0.113.7", [1, 203, 0, 113, 7]],
    ["2001:db8::a:1", [4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 1]],
    ["[::ffff:1.2.3.4]", [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]],
    ["n".repeat(255), [3, 255, ...Buffer.from("n".repeat(255))]],
  ])("to %s", (hostname, address) => {
    for (const { said } of play({ ...NAME, hostname, port: 9 }, [[5, 0], GRANTED])) {
      expect(said[1]).toEqual([5, 1, 0, ...address, 0, 9]);
    }
  });
});

describe("a tunnel", () => {
  test.each([
    ["IPv4", GRANTED],
    ["IPv6", [5, 0, 0, 4, ...new Array<number>(16).fill(7), 1, 1]],
    ["a name", [5, 0, 0, 3, 3, 97, 98, 99, 1, 1]],
    ["an empty name", [5, 0, 0, 3, 0, 1, 1]],
    ["the longest name", [5, 0, 0, 3, 255, ...new Array<number>(255).fill(97), 1, 1]],
  ])("stands after a reply bound to %s; what is behind is its own", (_, reply) => {
    const tail = [5, 1, 0, 0, 1, 2, 3];
    for (const chunks of splitsOf(Uint8Array.from([...reply, ...tail]))) {
      const dialogue = new Socks5Dialogue(NAME);
      dialogue.read(Uint8Array.of(5, 0));
      const passed: number[] = [];
      for (const chunk of chunks) {
        if (dialogue.outcome === null) dialogue.read(chunk);
        else passed.push(...chunk);
      }
      const { outcome } = dialogue;
      expect([...(outcome?.open === true ? outcome.rest : []), ...passed]).toEqual(tail);
    }
  });
});

describe("a refusal", () => {
  test.each([
    [1, "general SOCKS server failure"],
    [2, "connection not allowed by ruleset"],
    [3, "Network unreachable"],
    [4, "Host unreachable"],
    [5, "Connection refused"],
    [6, "TTL expired"],
    [7, "Command not supported"],
    [8, "Address type not supported"],
    [9, "unassigned"],
    [255, "unassigned"],
  ])("by reply %i: %s, however short it is", (status, reason) => {
    for (const reply of [
      [5, status],
      [5, status, 0, 1, 0, 0, 0, 0, 0, 0],
    ]) {
      for (const { dialogue } of play(NAME, [[5, 0], reply])) {
        expect(dialogue.outcome).toMatchObject({ open: false, code: "PROXY_REFUSED", status, reason });
      }
    }
  });

  test("of the method, or of the login, is PROXY_AUTH_FAILED, and no request is made", () => {
    for (const [login, answers, detail, turns] of [
      [null, [[5, 255]], "it wants a user name and password", 1],
      [LOGIN, [[5, 255]], "it takes no user name and password", 1],
      [
        LOGIN,
        [
          [5, 2],
          [1, 1],
        ],
        "does not accept the user name and password",
        2,
      ],
      [
        LOGIN,
        [
          [5, 2],
          [1, 255],
        ],
        "status 255",
        2,
      ],
    ] as const) {
      for (const { dialogue, said } of play({ ...NAME, login }, answers)) {
        expect(dialogue.outcome).toMatchObject({ open: false, code: "PROXY_AUTH_FAILED" });
        expect(dialogue.outcome).toHaveProperty("detail", expect.stringContaining(detail));
        expect(said.length).toBe(turns);
      }
    }
  });
});

describe("PROXY_BAD_ANSWER", () => {
  test.each([
    ["SOCKS4's answer", null, [[0, 90, 0, 0, 0, 0, 0, 0]]],
    ["HTTP", null, [[...Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")]]],
    ["a method that was not offered", null, [[5, 2]]],
    ["GSSAPI", LOGIN, [[5, 1]]],
    [
      "a login's answer of another version",
      LOGIN,
      [
        [5, 2],
        [5, 0],
      ],
    ],
    [
      "a reply of another version",
      null,
      [
        [5, 0],
        [4, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
    ],
    [
      "an unknown address type",
      null,
      [
        [5, 0],
        [5, 0, 0, 2, 0, 0, 0, 0, 0, 0],
      ],
    ],
  ] as const)("for %s", (_, login, answers) => {
    for (const { dialogue } of play({ ...NAME, login }, answers.slice())) {
      expect(dialogue.outcome).toMatchObject({ open: false, code: "PROXY_BAD_ANSWER" });
    }
  });

  test.each([
    ["a reply before the request", null, [[5, 0, ...GRANTED]], 10],
    ["one byte before the request", null, [[5, 0, 5]], 1],
    ["a login's answer before the login", LOGIN, [[5, 2, 1, 0]], 2],
    [
      "a reply with the login's answer",
      LOGIN,
      [
        [5, 2],
        [1, 0, ...GRANTED],
      ],
      10,
    ],
  ] as const)("for %s", (_, login, answers, early) => {
    const dialogue = new Socks5Dialogue({ ...NAME, login });
    for (const answer of answers) dialogue.read(Uint8Array.from(answer));
    const detail = `the proxy does not speak SOCKS5: ${early} bytes came before they were asked for`;
    expect(dialogue.outcome).toEqual({ open: false, code: "PROXY_BAD_ANSWER", detail });
  });
});

test("an end at each byte is PROXY_CUT, and says where", () => {
  const turns = [[5, 2], [1, 0], GRANTED];
  const all = turns.flat();
  const stages = [...new Array(2).fill("method"), ...new Array(2).fill("login"), ...new Array(10).fill("reply")];
  for (let length = 0; length < all.length; length++) {
    const dialogue = new Socks5Dialogue({ ...NAME, login: LOGIN });
    for (const byte of all.slice(0, length)) dialogue.read(Uint8Array.of(byte));
    expect(dialogue.outcome).toBeNull();
    dialogue.eof();
    const detail = `the proxy ended the connection after ${length} bytes, during its ${stages[length]} answer`;
    expect(dialogue.outcome).toMatchObject({ open: false, code: "PROXY_CUT", detail });
  }
});
