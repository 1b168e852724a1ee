import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { type WsOptions, wsSettings } from "../../src/ws/options.ts";

describe("wsSettings", () => {
  test("fills in what is left out", () => {
    expect(wsSettings({})).toMatchObject({
      tls: null,
      socket: {},
      proxy: null,
      protocols: [],
      headers: [],
      connectTimeout: 10_000,
      tlsTimeout: 10_000,
      closeTimeout: 5_000,
      signal: null,
      bufferCapacity: 262_144,
      writeBufferCapacity: 65_536,
      highWaterMark: 1_048_576,
      maxFrameSize: 16_777_216,
      maxMessageSize: 16_777_216,
      autoPong: true,
    });
  });

  test("keeps what is given", () => {
    const { signal } = new AbortController();
    const given = {
      socket: { noDelay: false },
      proxy: "socks5://127.0.0.1",
      protocols: ["a", "b"],
      connectTimeout: 1,
      tlsTimeout: 2,
      closeTimeout: 3,
      signal,
      bufferCapacity: 256,
      writeBufferCapacity: 1,
      highWaterMark: 1,
      maxFrameSize: 4,
      maxMessageSize: 5,
      autoPong: false,
    };
    expect(wsSettings(given)).toMatchObject({ ...given, tls: null, headers: [] });
  });

  test("lets a frame be as large as a message, and TLS take as long as connecting", () => {
    expect(wsSettings({ maxMessageSize: 100, connectTimeout: 50 })).toMatchObject({
      maxFrameSize: 100,
      tlsTimeout: 50,
    });
  });

  test("takes headers as pairs or as a record, in order and case", () => {
    const pairs = [
      ["X-b", "1"],
      ["x-A", "2"],
      ["X-b", "3"],
    ] as const;
    expect(wsSettings({ headers: pairs }).headers).toEqual(pairs);
    expect(wsSettings({ headers: { "X-b": "1", "x-A": "2" } }).headers).toEqual([
      ["X-b", "1"],
      ["x-A", "2"],
    ]);
  });

  const times = ["connectTimeout", "tlsTimeout", "closeTimeout"] as const;
  const sizes = ["bufferCapacity", "writeBufferCapacity", "highWaterMark", "maxFrameSize", "maxMessageSize"] as const;
  const wrong: [name: keyof WsOptions, value: number][] = [
    ...[...times, ...sizes].flatMap((name) =>
      [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((value) => [name, value] as [keyof WsOptions, number]),
    ),
    ...times.map((name) => [name, 2 ** 31] as [keyof WsOptions, number]),
    ...sizes.map((name) => [name, 2 ** 30 + 1] as [keyof WsOptions, number]),
    ["bufferCapacity", 255],
  ];
  test.each(wrong)("refuses %s of %p, and says both", (name, value) => {
    const refuse = (): unknown => wsSettings({ [name]: value });
    expect(refuse).toThrow(UsageError);
    expect(refuse).toThrow(expect.objectContaining({ code: "OPTION_OUT_OF_RANGE" }));
    expect(refuse).toThrow(`${name} is ${value}`);
  });

  test("takes the largest", () => {
    for (const name of times) expect(wsSettings({ [name]: 2 ** 31 - 1 })[name]).toBe(2 ** 31 - 1);
    for (const name of sizes) expect(wsSettings({ [name]: 2 ** 30 })[name]).toBe(2 ** 30);
  });
});
