import { expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { HttpConnection } from "../../src/http/connection.ts";
import { checkSendOptions, type HttpOptions, httpSettings } from "../../src/http/options.ts";
import { ClientPool } from "../../src/pool/client-pool.ts";
import type { ConnectTimes } from "../../src/socket/connect-clock.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { rejection } from "../socket/support.ts";
import { RawServer } from "./support.ts";

test("all have a default", () => {
  expect(httpSettings({})).toEqual({
    tls: null,
    socket: {},
    proxy: null,
    connectTimeout: 10_000,
    tlsTimeout: 10_000,
    signal: null,
    keepAliveMargin: 500,
    continueTimeout: 1_000,
  });
});

test("and are taken as they are given", () => {
  const given = {
    tls: new TlsConfig({ rejectUnauthorized: false }),
    socket: { noDelay: false },
    proxy: "http://127.0.0.1:8080",
    connectTimeout: 1,
    tlsTimeout: 0x7fffffff,
    signal: new AbortController().signal,
    keepAliveMargin: 0,
    continueTimeout: 2,
  };
  expect(httpSettings(given)).toEqual(given);
});

test("onConnect is told of each connection, those of a pool too", async () => {
  using server = new RawServer();
  const told: ConnectTimes[] = [];
  const onConnect = (times: ConnectTimes): void => void told.push(times);
  const connection = await HttpConnection.connect(server.url, { onConnect });
  expect(told).toHaveLength(1);
  connection.terminate();
  const pool = await ClientPool.connect({ url: server.url, connections: 3, onConnect });
  expect(told).toHaveLength(4);
  for (const { tcp, tls, upgrade, total } of told) {
    expect([tls, upgrade]).toEqual([null, null]);
    expect(tcp).toBeGreaterThan(0);
    expect(tcp).toBeLessThanOrEqual(total);
  }
  pool.destroy();
});

const WRONG: readonly HttpOptions[] = [
  { connectTimeout: 0 },
  { connectTimeout: -1 },
  { connectTimeout: Number.NaN },
  { tlsTimeout: 0 },
  { tlsTimeout: 2 ** 31 },
  { keepAliveMargin: -1 },
  { continueTimeout: 0 },
  { continueTimeout: Number.POSITIVE_INFINITY },
];
test.each(WRONG)("%p is out of range, and named", async (options) => {
  const [name = ""] = Object.keys(options);
  expect(() => httpSettings(options)).toThrow(`Cannot use ${name}: it is `);
  using server = new RawServer();
  const error = await rejection(HttpConnection.connect(server.url, options), UsageError);
  expect(error.code).toBe("OPTION_OUT_OF_RANGE");
  expect(server.peers.length).toBe(0);
});

test("those of a send go together", () => {
  checkSendOptions({}, false);
  checkSendOptions({ body: [], timeout: 0 }, true);
  expect(() => checkSendOptions({ body: [] }, false)).toThrow("go together");
  expect(() => checkSendOptions({}, true)).toThrow("go together");
  expect(() => checkSendOptions({ timeout: -1 }, false)).toThrow(
    "Cannot use timeout: it is -1, not from 0 to 2147483647 ms",
  );
});
