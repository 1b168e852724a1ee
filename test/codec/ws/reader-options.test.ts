import { afterEach, describe, expect, test } from "bun:test";
import { plainMemory } from "../../../src/codec/byte-ring.ts";
import { type FrameReaderOptions, readerSettings } from "../../../src/codec/ws/reader-options.ts";

const NEXUS_DEBUG = process.env["NEXUS_DEBUG"];

afterEach(() => {
  if (NEXUS_DEBUG === undefined) delete process.env["NEXUS_DEBUG"];
  else process.env["NEXUS_DEBUG"] = NEXUS_DEBUG;
});

test("defaults", () => {
  expect(readerSettings({ role: "client", debug: false })).toEqual({
    bufferCapacity: 262_144,
    rules: { maskBit: 0, maxFrameSize: 16_777_216, maxMessageSize: 16_777_216, deflate: false },
    debug: false,
  });
});

test("maxFrameSize follows maxMessageSize where it is not set", () => {
  expect(readerSettings({ role: "client", maxMessageSize: 1000 })).toMatchObject({
    rules: { maxFrameSize: 1000, maxMessageSize: 1000 },
  });
  expect(readerSettings({ role: "client", maxFrameSize: 500 })).toMatchObject({
    rules: { maxFrameSize: 500, maxMessageSize: 16_777_216 },
  });
});

describe("debug", () => {
  test.each([
    [undefined, false],
    ["", false],
    ["0", false],
    ["true", false],
    ["1", true],
  ])("NEXUS_DEBUG=%p means %p", (value, debug) => {
    delete process.env["NEXUS_DEBUG"];
    if (value !== undefined) process.env["NEXUS_DEBUG"] = value;
    expect(readerSettings({ role: "client" }).debug).toBe(debug);
    expect(readerSettings({ role: "client", debug: !debug }).debug).toBe(!debug);
  });
});

describe("the least and the most of each", () => {
  const accepted: Omit<FrameReaderOptions, "role">[] = [
    { bufferCapacity: 256 },
    { bufferCapacity: 2 ** 30 },
    { maxMessageSize: 0 },
    { maxMessageSize: 2 ** 30 },
    { maxFrameSize: 0 },
    { maxFrameSize: 2 ** 30 },
    { memory: null, bufferCapacity: 256 },
    { memory: plainMemory(256), bufferCapacity: -1 },
  ];
  test("are accepted", () => {
    for (const options of accepted) expect(() => readerSettings({ role: "client", ...options })).not.toThrow();
  });

  const refused: (readonly [options: Omit<FrameReaderOptions, "role">, detail: string])[] = [
    [{ bufferCapacity: 255 }, "bufferCapacity is 255, not an integer from 256 to 1073741824"],
    [{ bufferCapacity: 2 ** 30 + 1 }, "bufferCapacity is 1073741825, not an integer from 256 to 1073741824"],
    [{ bufferCapacity: 1000.5 }, "bufferCapacity is 1000.5, not an integer from 256 to 1073741824"],
    [{ maxMessageSize: -1 }, "maxMessageSize is -1, not an integer from 0 to 1073741824"],
    [{ maxMessageSize: Number.NaN }, "maxMessageSize is NaN, not an integer from 0 to 1073741824"],
    [{ maxFrameSize: Number.POSITIVE_INFINITY }, "maxFrameSize is Infinity, not an integer from 0 to 1073741824"],
    [{ memory: plainMemory(248) }, "memory.capacity is 248, not an integer from 256 to 1073741824"],
  ];
  test.each(refused.map(([options, detail]) => ({ options, detail })))("$detail", ({ options, detail }) => {
    expect(() => readerSettings({ role: "client", ...options })).toThrow(
      expect.objectContaining({
        name: "UsageError",
        code: "OPTION_OUT_OF_RANGE",
        message: `Cannot create reader: ${detail}`,
      }),
    );
  });
});
