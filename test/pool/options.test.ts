import { describe, expect, test } from "bun:test";
import { type ClientPoolOptions, poolSettings } from "../../src/pool/options.ts";
import { codeOf, thrownBy } from "./support.ts";

const url = "http://127.0.0.1:1";

test("the defaults are those that are documented", () => {
  expect(poolSettings({ url })).toEqual({
    url,
    basePath: "",
    connections: 1,
    defaultHeaders: [],
    requestBufferCapacity: 16 << 10,
    responseBufferCapacity: 32 << 10,
    maxBodySize: 16 << 20,
    acquireTimeout: 10_000,
    initialDelay: 100,
    maxDelay: 5_000,
    jitter: 0.5,
    warmUp: null,
    keepWarm: 0,
    events: {},
  });
});

describe("an option out of range is refused by name", () => {
  const cases: [string, Omit<ClientPoolOptions, "url">][] = [
    ["connections", { connections: 0 }],
    ["connections", { connections: 1.5 }],
    ["connections", { connections: 65_537 }],
    ["connections", { connections: Number.NaN }],
    ["requestBufferCapacity", { requestBufferCapacity: 255 }],
    ["responseBufferCapacity", { responseBufferCapacity: 255 }],
    ["maxBodySize", { maxBodySize: -1 }],
    ["acquireTimeout", { acquireTimeout: -1 }],
    ["acquireTimeout", { acquireTimeout: Number.POSITIVE_INFINITY }],
    ["initialDelay", { reconnect: { initialDelay: 0 } }],
    ["maxDelay", { reconnect: { initialDelay: 100, maxDelay: 99 } }],
    ["jitter", { reconnect: { jitter: 1.1 } }],
    ["jitter", { reconnect: { jitter: Number.NaN } }],
    ["keepWarm", { warmUp: "/", keepWarm: 0 }],
  ];
  test.each(cases)("%s: %j", (name, options) => {
    const error = thrownBy(() => poolSettings({ url, ...options }));
    expect(codeOf(error)).toBe("OPTION_OUT_OF_RANGE");
    expect(error.message).toContain(`${name} is `);
  });
});

test("keepWarm needs warmUp", () => {
  expect(codeOf(thrownBy(() => poolSettings({ url, keepWarm: 10 })))).toBe("OPTION_MISSING");
});

test.each(["ws://h", "h", ""])("%j is no URL for a pool", (bad) => {
  expect(codeOf(thrownBy(() => poolSettings({ url: bad })))).toBe("URL_INVALID");
});

test("headers come as an object or as pairs, the latter with a name twice", () => {
  const asObject = poolSettings({ url, defaultHeaders: { a: "1", b: "2" } });
  expect(asObject.defaultHeaders).toEqual([
    ["a", "1"],
    ["b", "2"],
  ]);
  const pairs = [
    ["a", "1"],
    ["a", "2"],
  ] as const;
  expect(poolSettings({ url, defaultHeaders: pairs }).defaultHeaders).toEqual(pairs);
});

test("an initialDelay over the default maxDelay takes that with it", () => {
  expect(poolSettings({ url, reconnect: { initialDelay: 8_000 } }).maxDelay).toBe(8_000);
});
