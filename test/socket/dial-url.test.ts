import { describe, expect, test } from "bun:test";
import { TimeoutError } from "../../src/codec/errors.ts";
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
