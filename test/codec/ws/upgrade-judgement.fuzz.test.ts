import { expect, test } from "bun:test";
import fc from "fast-check";
import { RequestReader } from "../../../src/codec/http/request-reader.ts";
import { judgeUpgrade } from "../../../src/codec/ws/upgrade-judgement.ts";
import { cuts, cutsWithin, mutated, mutations } from "../../helpers/arbitrary-streams.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";
import { referenceHead } from "../../helpers/reference-head.ts";
import { chunksAt } from "../../helpers/splits.ts";
import { GOOD_FIELDS, GOOD_LINE, headOf } from "../http/upgrade-vectors.ts";

const LIMITS = { maxHeadSize: 400, maxHeaders: 12 };

test(
  "mutated upgrade requests are judged alike in whatever chunks they come, and let in only where an oracle lets them in",
  () => {
    // Invariant: any bytes give one judgement for any cuts; what is let in has each field that it must have, by other means of reading.
    fuzz("upgrade request mutations", 0.1, fc.tuple(requests(), mutations(), cuts()), ([request, changes, shares]) => {
      const bytes = mutated(request, changes);
      const whole = judge([bytes]);
      const split = judge(chunksAt(bytes, cutsWithin(shares, bytes.length)));
      if (!Bun.deepEquals(split, whole)) expect(split).toEqual(whole);
      if (whole.letIn) expectGood(bytes, whole.taken);
    });
  },
  FUZZ_TIMEOUT,
);

interface Judged {
  readonly code: string;
  readonly letIn: boolean;
  /** Bytes of the request; 0 where it is not whole. */
  readonly taken: number;
}

function judge(chunks: readonly Uint8Array[]): Judged {
  const reader = new RequestReader(LIMITS);
  let taken = 0;
  for (const chunk of chunks) taken += reader.read(chunk);
  const { failure } = reader;
  const request = reader.next();
  if (request === null) return { code: failure?.code ?? "not whole", letIn: false, taken: 0 };
  const judgement = judgeUpgrade(request);
  return { code: judgement.ok ? "" : judgement.code, letIn: judgement.ok, taken };
}

function expectGood(bytes: Uint8Array, taken: number): void {
  const text = Buffer.from(bytes.subarray(0, taken)).toString("latin1");
  if (!/^GET \/[\x21-\x7e]* HTTP\/1\.1\r\n/.test(text) || !text.endsWith("\r\n\r\n")) expect(text).toBe("a request");
  const { done, fields } = referenceHead(bytes.subarray(0, taken), LIMITS.maxHeadSize, LIMITS.maxHeaders);
  const valuesOf = (name: string): string[] =>
    fields.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value);
  const lists = (name: string, token: string): boolean =>
    new RegExp(`(?:^|,)[ \\t]*${token}[ \\t]*(?:,|$)`, "i").test(valuesOf(name).join());
  const judged = {
    done,
    hosts: valuesOf("host").length,
    versions: valuesOf("sec-websocket-version"),
    key: valuesOf("sec-websocket-key").map((key) => Buffer.from(key, "base64").length),
    upgrade: lists("upgrade", "websocket"),
    connection: lists("connection", "upgrade"),
    body: [...valuesOf("content-length"), ...valuesOf("transfer-encoding")],
  };
  const good = { done: true, hosts: 1, versions: ["13"], key: [16], upgrade: true, connection: true, body: [] };
  if (!Bun.deepEquals(judged, good)) expect({ text, ...judged }).toEqual({ text, ...good });
}

function requests(): fc.Arbitrary<Uint8Array> {
  const texts = [
    headOf(),
    `${headOf()}\x81\x85\x00\x00\x00\x00Hello`,
    headOf(GOOD_LINE, [...GOOD_FIELDS, "Origin: https://a.example", "Sec-WebSocket-Protocol: a, b"]),
    headOf(GOOD_LINE, [...GOOD_FIELDS, "Content-Length: 0"]),
    headOf(GOOD_LINE, [...GOOD_FIELDS, "Host: b"]),
    headOf("GET / HTTP/1.0"),
  ];
  return fc.constantFrom(...texts.map((text) => Buffer.from(text, "latin1")));
}
