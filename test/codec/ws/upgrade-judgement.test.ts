import { describe, expect, test } from "bun:test";
import { RequestReader } from "../../../src/codec/http/request-reader.ts";
import {
  foreignOrigin,
  judgeUpgrade,
  type UpgradeAsked,
  type UpgradeFault,
} from "../../../src/codec/ws/upgrade-judgement.ts";
import { splitsOf } from "../../helpers/splits.ts";
import { fieldsBut, GOOD_FIELDS, GOOD_LINE, headOf, REFUSED } from "../http/upgrade-vectors.ts";

type Judgement = UpgradeAsked | UpgradeFault;

describe("a request", () => {
  test("is that of RFC 6455 section 1.2", () => {
    const head = headOf("GET /chat HTTP/1.1", [
      ...GOOD_FIELDS,
      "Origin: http://example.com",
      "Sec-WebSocket-Protocol: chat, superchat",
    ]);
    expect(judgeAllWays(head)).toEqual({
      ok: true,
      key: "dGhlIHNhbXBsZSBub25jZQ==",
      authority: "server.example.com",
      protocols: ["chat", "superchat"],
      extensions: [],
      origin: "http://example.com",
    });
  });

  test.each<[why: string, fields: readonly string[], parts: Partial<UpgradeAsked>]>([
    ["without Origin and subprotocols", GOOD_FIELDS, { origin: null, protocols: [] }],
    [
      "with names and tokens in any case",
      GOOD_FIELDS.map((field) => field.replace(/^[^:]+/, (name) => name.toUpperCase())),
      {},
    ],
    ["with an Upgrade in capitals", fieldsBut("Upgrade", "Upgrade: WebSocket"), {}],
    ["with a list of upgrades", fieldsBut("Upgrade", "Upgrade: h2c, websocket"), {}],
    ["with the list that Firefox sends", fieldsBut("Connection", "Connection: keep-alive, Upgrade"), {}],
    ["with two lists", fieldsBut("Connection", "Connection: close", "connection: ,UPGRADE ,"), {}],
    [
      "with subprotocols in two fields",
      [...GOOD_FIELDS, "Sec-WebSocket-Protocol: a , b", "sec-websocket-protocol: ,c"],
      { protocols: ["a", "b", "c"] },
    ],
    [
      "with an extension that is not known",
      [...GOOD_FIELDS, "Sec-WebSocket-Extensions: x-unknown; a=1"],
      { extensions: [{ name: "x-unknown", parameters: [["a", "1"]] }] },
    ],
    [
      "with extensions in two fields",
      [...GOOD_FIELDS, "Sec-WebSocket-Extensions: a; b, c", "sec-websocket-extensions: d"],
      {
        extensions: [
          { name: "a", parameters: [["b", null]] },
          { name: "c", parameters: [] },
          { name: "d", parameters: [] },
        ],
      },
    ],
    ["with an opaque Origin", [...GOOD_FIELDS, "Origin: null"], { origin: "null" }],
    [
      "with a key whose last bits are not 0",
      fieldsBut("Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAB=="),
      { key: "AAAAAAAAAAAAAAAAAAAAAB==" },
    ],
    ...["a", "a.example:8080", "127.0.0.1", "[::1]:9000", "[fe80::1%25eth0]", "a_b.example", "xn--mnchen-3ya.de:"].map(
      (host) =>
        [`to the Host ${host}`, fieldsBut("Host", `Host: ${host}`), { authority: host }] as [
          string,
          string[],
          Partial<UpgradeAsked>,
        ],
    ),
  ])("%s", (_, fields, parts) => {
    expect(judgeAllWays(headOf(GOOD_LINE, fields))).toMatchObject({ ok: true, ...parts });
  });

  test.each(["/", "/?", "//a", "/%00", "/a;b=c@d:e", '/?q={"a":[1|2]}\\^`'])("for the target %p", (target) => {
    expect(judgeAllWays(headOf(`GET ${target} HTTP/1.1`))).toMatchObject({ ok: true });
  });
});

describe("refused", () => {
  test.each(REFUSED)("$why", ({ head, code, status }) => {
    const judgement = judgeAllWays(head);
    expect(judgement).toMatchObject({ ok: false, code, status });
  });

  test("with the fields that the answer must have", () => {
    const fieldsOf = (code: string): unknown =>
      REFUSED.filter((vector) => vector.code === code).map(
        ({ head }) => (judgeAllWays(head) as UpgradeFault).headers,
      )[0];
    expect(fieldsOf("UPGRADE_METHOD")).toEqual([["Allow", "GET"]]);
    expect(fieldsOf("UPGRADE_MISSING")).toEqual([["Upgrade", "websocket"]]);
    expect(fieldsOf("UPGRADE_VERSION")).toEqual([
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Version", "13"],
    ]);
    expect(fieldsOf("UPGRADE_KEY")).toEqual([]);
  });

  test("without the key, or a long value, in the reason", () => {
    const secret = judgeAllWays(headOf(GOOD_LINE, fieldsBut("Sec-WebSocket-Key", "Sec-WebSocket-Key: secret")));
    expect((secret as UpgradeFault).reason).not.toContain("secret");
    const long = judgeAllWays(headOf(GOOD_LINE, fieldsBut("Upgrade", `Upgrade: ${"u".repeat(5_000)}`)));
    expect((long as UpgradeFault).reason.length).toBeLessThan(200);
  });

  test("an origin that is not let in", () => {
    expect(foreignOrigin("https://evil.example")).toEqual({
      ok: false,
      code: "UPGRADE_ORIGIN",
      status: 403,
      reason: 'Origin "https://evil.example" is not let in',
      headers: [],
    });
    expect(foreignOrigin(null)).toMatchObject({ reason: "a request without Origin is not let in" });
  });
});

/** Reads and judges it whole and at every split, which must not matter. */
function judgeAllWays(head: string): Judgement {
  const bytes = new Uint8Array(Buffer.from(head, "latin1"));
  let first: Judgement | null = null;
  for (const chunks of splitsOf(bytes)) {
    const reader = new RequestReader();
    for (const chunk of chunks) reader.read(chunk);
    const request = reader.next();
    if (request === null) throw new Error(`no request: ${reader.failure?.code}`);
    const judgement = judgeUpgrade(request);
    first ??= judgement;
    if (!Bun.deepEquals(judgement, first)) expect(judgement).toEqual(first);
  }
  if (first === null) throw new Error("nothing to judge");
  return first;
}
