import { expect, test } from "bun:test";
import { CloseCode, isSendableCloseCode } from "../../../src/codec/ws/close-code.ts";

test("each number: what RFC 6455 section 7.4 and the IANA registry let stand in a close frame", () => {
  const sendable: number[] = [];
  for (let code = -1; code <= 0x10000; code++) if (isSendableCloseCode(code)) sendable.push(code);
  const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  const free = Array.from({ length: 2000 }, (_, at) => 3000 + at);
  expect(sendable).toEqual([...registered, ...free]);
});

test("what is no integer is none", () => {
  for (const code of [1000.5, Number.NaN, Number.POSITIVE_INFINITY, -1000])
    expect(isSendableCloseCode(code)).toBe(false);
});

test("of the named codes, those for our own side only are not sent", () => {
  const unsendable = Object.values(CloseCode).filter((code) => !isSendableCloseCode(code));
  expect(unsendable).toEqual([CloseCode.NO_STATUS, CloseCode.ABNORMAL]);
});
