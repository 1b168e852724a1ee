import { expect, test } from "bun:test";
import { closePayloadFault } from "../../../src/codec/ws/close-payload.ts";
import { hex } from "../../helpers/bytes.ts";

const CASES = [
  ["empty", "", null],
  ["one byte", "03", "WS_CLOSE_PAYLOAD"],
  ["a code", "03e8", null],
  ["the largest code", "1387", null],
  ["a code that must not be sent", "03ed", "WS_CLOSE_CODE"],
  ["a code over all", "1388", "WS_CLOSE_CODE"],
  ["a code and a reason", "03e8 c3a4", null],
  ["a reason that is not UTF-8", "03e8 61ff", "WS_INVALID_UTF8"],
  ["a reason that ends within a character", "03e8 c3", "WS_INVALID_UTF8"],
  ["a bad code is said before a bad reason", "0000 ff", "WS_CLOSE_CODE"],
] as const;

test.each(CASES)("%s", (_, payload, fault) => {
  // It lies between other bytes, which are not looked at.
  const bytes = hex(`ff ff ${payload} ff ff`);
  expect(closePayloadFault(bytes, 2, bytes.length - 2)).toBe(fault);
});
