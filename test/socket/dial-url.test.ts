import { describe, expect, test } from "bun:test";
import { TimeoutError } from "../../src/codec/errors.ts";
import type { ConnectTimes } from "../../src/socket/connect-clock.ts";
import { dialUrl, type UrlDialSettings } from "../../src/socket/dial-url.ts";
import { AbortedError, ConnectError } from "../../src/socket/errors.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { identity, testPath } from "../helpers/certificates.ts";
import { FakeProxy } from "./fake-proxy.ts";
import { blackhole, rejection, serve } from "./support.ts";

const settings: UrlDialSettings = {
  tls: null,
  socket: {},
  proxy: null,
  connectTimeout: 5_000,
  tlsTimeout: 5_000,
  signal: null,
};
const tls = new TlsConfig({ ca: testPath("ca.crt") });

describe("dialUrl", () => {
  test("connects in the clear, whatever TLS there is", async () => {
    using server = serve();
    const socket = await dialUrl({ hostname: "127.0.0.1", port: server.port, secure: false }, { ...settings, tls });
    expect(socket.secure).toBe(false);
    socket.terminate();
  });

  test("connects by TLS; without a configuration by the one that trusts the public roots", async () => {
    using server = serve({ tls: identity("localhost") });
    const target = { hostname: "localhost", port: server.port, secure: true };
    const socket = await dialUrl(target, { ...settings, tls });
    expect(socket.secure).toBe(true);
    socket.terminate();
    expect((await rejection(dialUrl(target, settings), ConnectError)).phase).toBe("tls");
  });

  test("tells how long each phase took, where that is asked for", async () => {
    using server = serve();
    const told: ConnectTimes[] = [];
    const phases: string[] = [];
    const target = { hostname: "localhost", port: server.port, secure: false };
    const onConnect = (times: ConnectTimes): void => void told.push(times);
    (await dialUrl(target, { ...settings, onConnect })).terminate();
    (await dialUrl(target, { ...settings, onPhase: (phase) => phases.push(phase) })).terminate();
    const [{ dns, tcp, total, ...others } = { dns: 0, tcp: 0, total: -1 }] = told;
    expect(told).toHaveLength(1);
    expect((dns ?? Number.NaN) + (tcp ?? Number.NaN)).toBeLessThanOrEqual(total);
    expect(others).toEqual({ proxy: null, tls: null, upgrade: null });
    expect(phases).toEqual(["dns", "tcp"]);
  });

  test("leaves nothing open where who is told throws", async () => {
    const closed = Promise.withResolvers<void>();
    using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {}, close: () => closed.resolve() } });
    const target = { hostname: "127.0.0.1", port: server.port, secure: false };
    const onConnect = (): void => {
      throw new Error("not like this");
    };
    expect((await rejection(dialUrl(target, { ...settings, onConnect }), Error)).message).toBe("not like this");
    await closed.promise;
  });

  test("goes by the proxy, the socket's options, the timeout and the signal", async () => {
    using server = serve();
    using proxy = new FakeProxy({ to: server.port });
    const target = { hostname: "127.0.0.1", port: server.port, secure: false };
    const socket = await dialUrl(target, {
      ...settings,
      proxy: `http://127.0.0.1:${proxy.port}`,
      socket: { noDelay: false },
    });
    expect([socket.remotePort, socket.socketInfo()?.options.noDelay]).toEqual([proxy.port, false]);
    socket.terminate();
    const reason = new Error("enough");
    const aborted = await rejection(dialUrl(target, { ...settings, signal: AbortSignal.abort(reason) }), AbortedError);
    expect(aborted.cause).toBe(reason);
    using hole = blackhole();
    const silent = dialUrl({ ...target, port: hole.port }, { ...settings, connectTimeout: 20 });
    expect((await rejection(silent, TimeoutError)).timeout).toBe(20);
  });
});
