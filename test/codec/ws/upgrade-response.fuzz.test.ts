import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  type UpgradeExpectation,
  type UpgradeOutcome,
  UpgradeResponseReader,
} from "../../../src/codec/ws/upgrade-response.ts";
import { cuts, cutsWithin, mutated, mutations } from "../../helpers/arbitrary-streams.ts";
import { utf8 } from "../../helpers/bytes.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";
import { referenceHead } from "../../helpers/reference-head.ts";
import { chunksAt } from "../../helpers/splits.ts";

const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const EXPECTED: UpgradeExpectation = { accept: ACCEPT, protocols: ["chat"], maxHeadSize: 240, maxBodySize: 20 };
const CODES = ["HANDSHAKE_REFUSED", "HANDSHAKE_INVALID", "HANDSHAKE_MALFORMED", "HANDSHAKE_CUT"];

test(
  "mutated answers to an upgrade are an upgrade, a typed refusal, or not whole yet, the same in whatever chunks they come",
  () => {
    // Invariant: any bytes give one outcome for any cuts; it is open only for a head that says so; what it keeps is within the limits.
    fuzz("upgrade mutations", 0.1, fc.tuple(answers(), mutations(), cuts()), ([answer, changes, shares]) => {
      const bytes = mutated(answer, changes);
      const whole = read([bytes]);
      const split = read(chunksAt(bytes, cutsWithin(shares, bytes.length)));
      if (!Bun.deepEquals(split, whole)) expect(split).toEqual(whole);
      for (const outcome of [whole.outcome, whole.atEnd])
        if (outcome !== null) expectTyped(outcome, bytes, whole.taken);
    });
  },
  FUZZ_TIMEOUT,
);

interface Reading {
  readonly outcome: UpgradeOutcome | null;
  readonly atEnd: UpgradeOutcome | null;
  /** Bytes of the handshake; 0 where it did not open. */
  readonly taken: number;
}

function read(chunks: readonly Uint8Array[]): Reading {
  const reader = new UpgradeResponseReader(EXPECTED);
  let taken = 0;
  for (const chunk of chunks) taken += reader.read(chunk);
  const { outcome } = reader;
  reader.eof();
  return { outcome, atEnd: reader.outcome, taken: outcome?.open ? taken : 0 };
}

function expectTyped(outcome: UpgradeOutcome, bytes: Uint8Array, taken: number): void {
  if (outcome.open) {
    // The last head taken, read by other means, is the 101 that the outcome tells of.
    const text = Buffer.from(bytes.subarray(0, taken)).toString("latin1");
    const head = bytes.subarray(text.lastIndexOf("HTTP/1.1 101"), taken);
    const { done, size, fields } = referenceHead(head, 240, 128);
    expect({ done, size, fields }).toEqual({ done: true, size: head.length, fields: [...outcome.headers] });
    expect(
      fields.filter(([name, value]) => name.toLowerCase() === "sec-websocket-accept" && value === ACCEPT),
    ).toHaveLength(1);
    expect(["", "chat"]).toContain(outcome.protocol);
    return;
  }
  if (!CODES.includes(outcome.code)) expect(CODES).toContain(outcome.code);
  const { status, code, body } = outcome;
  if (
    code === "HANDSHAKE_REFUSED" ? status < 200 || status > 999 : status !== (code === "HANDSHAKE_INVALID" ? 101 : 0)
  ) {
    expect({ code, status }).toBeNull();
  }
  // A cut within a character adds what replaces it.
  if (utf8(body).length > 3 * 20) expect(body).toHaveLength(20);
}

/** An upgrade, a refusal, or an upgrade behind an interim response. */
function answers(): fc.Arbitrary<Uint8Array> {
  const fields = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${ACCEPT}`];
  const upgrade = head("HTTP/1.1 101 Switching Protocols", fields);
  const texts = [
    `${upgrade}\u0081\u0005Hello`,
    head("HTTP/1.1 101 x", [...fields, "Sec-WebSocket-Protocol: chat"]),
    head("HTTP/1.1 101 x", [...fields, "Sec-WebSocket-Extensions: permessage-deflate"]),
    `${head("HTTP/1.1 100 Continue", [])}${head("HTTP/1.1 103 Hints", ["A: b"])}${upgrade}`,
    `${head("HTTP/1.1 403 Forbidden", ["Content-Length: 7"])}because`,
    `${head("HTTP/1.0 503 x", ["Retry-After: 1"])}until the end of it all`,
    head("HTTP/1.1 204 x", []),
  ];
  return fc.constantFrom(...texts.map((text) => Buffer.from(text, "latin1")));
}

function head(line: string, fields: readonly string[]): string {
  return `${[line, ...fields].join("\r\n")}\r\n\r\n`;
}
