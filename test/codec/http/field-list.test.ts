import { expect, test } from "bun:test";
import {
  CLOSE,
  connectionOptions,
  DIFFERENT_LENGTHS,
  KEEP_ALIVE,
  listNumber,
  readLength,
} from "../../../src/codec/http/field-list.ts";

test("close and keep-alive are found in a list, whole, whatever their case and the white space around them", () => {
  const values: readonly (readonly [value: string, options: number])[] = [
    ...["close", "Close", " close ", "a,close", "a ,\tCLOSE\t, b", ",,close", "close,"].map(
      (value) => [value, CLOSE] as const,
    ),
    ...["keep-alive", "x, Keep-Alive ", "KEEP-ALIVE,"].map((value) => [value, KEEP_ALIVE] as const),
    ...["close,keep-alive", "Keep-Alive , x,close"].map((value) => [value, CLOSE | KEEP_ALIVE] as const),
    ...["", ",", " ", "closed", "xclose", "close;q=1", "clo se", "keep_alive", "keepalives", "a,b", "c"].map(
      (value) => [value, 0] as const,
    ),
  ];
  for (const [value, options] of values) expect([value, connectionOptions(...within(value))]).toEqual([value, options]);
});

test("a length is digits, or the same number over and over", () => {
  const values: readonly (readonly [value: string, length: number])[] = [
    ["0", 0],
    ["00012", 12],
    [" 7\t", 7],
    ["7,7", 7],
    ["7 , 07,\t7", 7],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    [`${"0".repeat(40)}1`, 1],
    ["9007199254740992", -1],
    ["7,8", DIFFERENT_LENGTHS],
    ["7,", -1],
    [",7", -1],
    ["7 7", -1],
    ["7x", -1],
    ["-7", -1],
    ["+7", -1],
    ["", -1],
    [" ", -1],
    ["0x7", -1],
  ];
  for (const [value, length] of values) expect([value, readLength(...within(value))]).toEqual([value, length]);
});

test("a number in a list is found by its name", () => {
  const values: readonly (readonly [value: string, number: number])[] = [
    ["timeout=5", 5],
    ["max=9, TimeOut=15", 15],
    ["timeout=5 ,max=9", 5],
    ["timeout =5", -1],
    ["timeout=", -1],
    ["timeout", -1],
    ["atimeout=5", -1],
    ["timeout=x", -1],
    ["", -1],
  ];
  for (const [value, number] of values)
    expect([value, listNumber(...within(value), "timeout")]).toEqual([value, number]);
});

/** The value between bytes that would belong to it, did the function look past its ends. */
function within(value: string): [Uint8Array, number, number] {
  const bytes = Buffer.from(`9,close,timeout=9${value}9,close`, "latin1");
  return [bytes, 17, 17 + value.length];
}
