import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { type DeflateOptions, deflateSettings } from "../../src/ws/deflate-options.ts";
import { wsSettings } from "../../src/ws/options.ts";

test("nothing is compressed unless it is asked for", () => {
  expect([deflateSettings(undefined), deflateSettings(false), wsSettings({}).deflate]).toEqual([null, null, null]);
});

test("the defaults", () => {
  const whole = { windowBits: 15, contextTakeover: true };
  const defaults = { threshold: 1024, level: 1, memLevel: 8, terms: { own: whole, peer: whole } };
  expect(deflateSettings(true)).toEqual(defaults);
  expect(deflateSettings({})).toEqual(defaults);
  expect(wsSettings({ deflate: true }).deflate).toEqual(defaults);
});

test("each option goes where it belongs", () => {
  expect(
    deflateSettings({
      threshold: 0,
      level: 9,
      memLevel: 1,
      windowBits: 8,
      contextTakeover: false,
      peerWindowBits: 9,
      peerContextTakeover: false,
    }),
  ).toEqual({
    threshold: 0,
    level: 9,
    memLevel: 1,
    terms: {
      own: { windowBits: 8, contextTakeover: false },
      peer: { windowBits: 9, contextTakeover: false },
    },
  });
});

describe("refused", () => {
  const BAD: readonly (readonly [DeflateOptions, string])[] = [
    [{ threshold: -1 }, "deflate.threshold is -1, not an integer from 0 to 1073741824"],
    [{ threshold: 1.5 }, "deflate.threshold is 1.5, not an integer from 0 to 1073741824"],
    [{ level: 10 }, "deflate.level is 10, not an integer from 0 to 9"],
    [{ level: -1 }, "deflate.level is -1, not an integer from 0 to 9"],
    [{ memLevel: 0 }, "deflate.memLevel is 0, not an integer from 1 to 9"],
    [{ memLevel: 10 }, "deflate.memLevel is 10, not an integer from 1 to 9"],
    [{ windowBits: 7 }, "deflate.windowBits is 7, not an integer from 8 to 15"],
    [{ windowBits: 16 }, "deflate.windowBits is 16, not an integer from 8 to 15"],
    [{ peerWindowBits: 7 }, "deflate.peerWindowBits is 7, not an integer from 8 to 15"],
    [{ peerWindowBits: Number.NaN }, "deflate.peerWindowBits is NaN, not an integer from 8 to 15"],
  ];
  test.each(BAD)("%j", (options, detail) => {
    expect(() => deflateSettings(options)).toThrow(
      new UsageError("OPTION_OUT_OF_RANGE", `Cannot open WebSocket: ${detail}`),
    );
  });
});
