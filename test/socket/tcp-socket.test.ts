import { describe, expect, spyOn, test } from "bun:test";
import type { Socket } from "bun";
import { dial } from "../../src/socket/dial.ts";
import { TransportError } from "../../src/socket/errors.ts";
import type { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { identity, testPath } from "../helpers/certificates.ts";
import { until } from "../helpers/wait.ts";
import { alpn, bytesOf, Recorder, serve, type TestServer } from "./support.ts";

const CONFIG = new TlsConfig({ ca: testPath("ca.crt") });

const BLOCK = new Uint8Array(65_536);

/** A connected pair: our socket, and the server's end of it. */
interface Connection extends Disposable {
  readonly server: TestServer;
  readonly peer: TestServer["sockets"][number];
  readonly socket: TcpSocket;
}

for (const secure of [false, true]) {
  async function connect(
    onData?: (peer: TestServer["sockets"][number], chunk: Uint8Array) => void,
  ): Promise<Connection> {
    const server = serve({ ...(secure ? { tls: identity("localhost") } : {}), ...(onData ? { onData } : {}) });
    const socket = await dial({ hostname: "127.0.0.1", port: server.port, tls: secure ? CONFIG : null });
    await until(() => server.sockets.length === 1);
    const [peer] = server.sockets;
    if (peer === undefined) throw new Error("no peer");
    return {
      server,
      peer,
      socket,
      [Symbol.dispose]() {
        socket.terminate();
        server[Symbol.dispose]();
      },
    };
  }

  /** The server's writes wait for its handshake, which ends after ours. */
  async function send(peer: TestServer["sockets"][number], bytes: Uint8Array): Promise<void> {
    let sent = 0;
    while (sent < bytes.length) {
      sent += Math.max(0, peer.write(bytes, sent, bytes.length - sent));
      if (sent < bytes.length) await Bun.sleep(1);
    }
  }

  describe(secure ? "over TLS" : "over TCP", () => {
    test("bytes go both ways", async () => {
      using connection = await connect((peer, chunk) => peer.write(chunk));
      const { socket, server } = connection;
      const recorder = new Recorder();
      socket.attach(recorder);
      expect(socket.write(bytesOf("..hello.."), 2, 5)).toBe(5);
      await until(() => recorder.text === "hello");
      expect(server.received().toString()).toBe("hello");
      expect(recorder.chunks[0]).toBeInstanceOf(Uint8Array);
      expect([socket.secure, socket.closed]).toEqual([secure, false]);
      expect([socket.remoteAddress, socket.remotePort]).toEqual(["127.0.0.1", server.port]);
      expect(socket.localAddress).toBe("127.0.0.1");
      expect(socket.localPort).toBeGreaterThan(0);
      expect(socket.fd).toBeGreaterThan(2);
    });

    test("what came before attach is handed over by attach, then what follows", async () => {
      using connection = await connect();
      const { socket, peer } = connection;
      await send(peer, bytesOf("early "));
      await Bun.sleep(20);
      const recorder = new Recorder();
      socket.attach(recorder);
      await until(() => recorder.text === "early ");
      await send(peer, bytesOf("late"));
      await until(() => recorder.text === "early late");
    });

    test("bytes, FIN and close that came before attach are told in their order", async () => {
      using connection = await connect();
      const { socket, peer } = connection;
      await send(peer, bytesOf("last words"));
      peer.shutdown();
      await Bun.sleep(20);
      const recorder = new Recorder();
      socket.attach(recorder);
      await until(() => recorder.events.includes("end"));
      expect(recorder.text).toBe("last words");
      socket.shutdown();
      await until(() => recorder.closed);
      expect(recorder.events).toEqual(["bytes", "end", "close"]);
    });

    test("a second attach takes over, also from within onBytes, and nothing is told twice", async () => {
      using connection = await connect();
      const { socket, peer } = connection;
      const second = new Recorder();
      const first = new Recorder();
      first.onBytes = (chunk) => {
        first.chunks.push(chunk);
        socket.attach(second);
      };
      socket.attach(first);
      await send(peer, bytesOf("one"));
      await until(() => first.text === "one");
      await send(peer, bytesOf("two"));
      await until(() => second.text === "two");
      expect(first.text).toBe("one");
      peer.terminate();
      await until(() => second.closed);
      expect(first.events).toEqual([]);
    });

    test("the peer's FIN is an end, writing goes on, and our FIN closes both", async () => {
      using connection = await connect();
      const { socket, peer, server } = connection;
      const recorder = new Recorder();
      socket.attach(recorder);
      await send(peer, bytesOf("bye"));
      peer.shutdown();
      await until(() => recorder.events.includes("end"));
      expect(socket.closed).toBe(false);
      expect(socket.write(bytesOf("not yet"), 0, 7)).toBe(7);
      await until(() => server.received().toString() === "not yet");
      socket.shutdown();
      await until(() => recorder.closed);
      expect(recorder.events).toEqual(["bytes", "end", "close"]);
      expect(recorder.error).toBeNull();
      await until(() => server.closes.length === 1);
      expect(server.closes).toEqual([""]);
    });

    test("our FIN first: the peer sees the end, its answer still comes, then its FIN closes", async () => {
      using connection = await connect();
      const { socket, peer, server } = connection;
      const recorder = new Recorder();
      socket.attach(recorder);
      socket.write(bytesOf("request"), 0, 7);
      socket.shutdown();
      expect(socket.write(bytesOf("x"), 0, 1)).toBe(-1);
      await until(() => server.ends === 1);
      expect(server.received().toString()).toBe("request");
      await send(peer, bytesOf("response"));
      peer.shutdown();
      await until(() => recorder.closed);
      expect(recorder.text).toBe("response");
      expect(recorder.events).toEqual(["bytes", "end", "close"]);
      expect([recorder.error, socket.closed]).toEqual([null, true]);
    });

    test("the peer's RST is a close with an error, and no end", async () => {
      using connection = await connect();
      const { socket, peer } = connection;
      const recorder = new Recorder();
      socket.attach(recorder);
      await send(peer, bytesOf("half a frame"));
      await until(() => recorder.chunks.length > 0);
      peer.terminate();
      await until(() => recorder.closed);
      expect(recorder.events).toEqual(["bytes", "close"]);
      expect(recorder.error).toBeInstanceOf(TransportError);
      expect(recorder.error).toMatchObject({ code: "CONNECTION_RESET", osCode: "ECONNRESET", errno: 104 });
      expect(recorder.error?.cause).toBeInstanceOf(Error);
    });

    test("terminate sends RST, tells onClose without an error, and all calls are safe from then on", async () => {
      using connection = await connect();
      const { socket, server } = connection;
      const recorder = new Recorder();
      socket.attach(recorder);
      const { fd } = socket;
      socket.terminate();
      expect(recorder.events).toEqual(["close"]);
      expect(recorder.error).toBeNull();
      expect([socket.closed, socket.write(bytesOf("x"), 0, 1), socket.socketInfo()]).toEqual([true, -1, null]);
      expect(fd).toBeGreaterThan(0);
      expect(socket.fd).toBe(-1);
      socket.pause();
      socket.resume();
      socket.shutdown();
      socket.terminate();
      expect(recorder.events).toEqual(["close"]);
      expect(socket.remoteAddress).toBe("127.0.0.1");
      await until(() => server.closes.length === 1);
      expect(server.closes).toEqual(["ECONNRESET"]);
    });

    test("a paused socket makes the peer block, and loses nothing", async () => {
      const TOTAL = 32 << 20;
      using connection = await connect();
      const { socket, peer } = connection;
      const recorder = new Recorder();
      socket.attach(recorder);
      socket.pause();
      let blocked = false;
      const sending = (async () => {
        for (let sent = 0; sent < TOTAL; ) {
          const taken = peer.write(BLOCK, 0, Math.min(BLOCK.length, TOTAL - sent));
          sent += Math.max(taken, 0);
          blocked ||= taken === 0 && sent > 0;
          if (taken < BLOCK.length) await Bun.sleep(1);
        }
      })();
      await until(() => blocked);
      await Bun.sleep(20);
      expect(recorder.bytes.length).toBeLessThan(1 << 20);
      socket.resume();
      await sending;
      await until(() => recorder.chunks.reduce((sum, chunk) => sum + chunk.length, 0) === TOTAL);
    });

    test("a peer that does not read makes write fall short, and onDrain tells of room", async () => {
      using connection = await connect();
      const { socket, peer, server } = connection;
      const recorder = new Recorder();
      socket.attach(recorder);
      peer.pause();
      const block = new Uint8Array(1 << 20).fill(7);
      let sent = 0;
      let taken = socket.write(block, 0, block.length);
      for (; taken === block.length; taken = socket.write(block, 0, block.length)) sent += taken;
      sent += taken;
      expect(taken).toBeGreaterThanOrEqual(0);
      expect(socket.write(block, 0, 1)).toBe(0);
      const { drains } = recorder;
      peer.resume();
      await until(() => recorder.drains > drains);
      expect(socket.write(block, 0, 1)).toBe(1);
      await until(() => server.received().length === sent + 1);
    });

    test("writes views of any memory, and never more than the view has", async () => {
      using connection = await connect();
      const { socket, server } = connection;
      socket.attach(new Recorder());
      const secret = bytesOf("<<abcdef>>");
      const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
      shared.set(bytesOf("ghij"));
      expect(socket.write(secret.subarray(2, 8), 0, 6)).toBe(6);
      expect(socket.write(shared, 1, 2)).toBe(2);
      for (const [offset, length] of [
        [6, 1],
        [4, 6],
        [-2, 4],
      ] as const) {
        expect(() => socket.write(secret.subarray(2, 8), offset, length)).toThrow(RangeError);
      }
      expect(socket.write(bytesOf(""), 0, 0)).toBe(0);
      expect(socket.write(bytesOf("."), 0, 1)).toBe(1);
      await until(() => server.received().includes("."));
      expect(server.received().toString()).toBe("abcdefhi.");
    });

    test("a socket that is closed does not write to the one that has its descriptor now", async () => {
      using connection = await connect();
      const { socket, server } = connection;
      const { fd } = socket;
      socket.terminate();
      await until(() => server.closes.length === 1);
      const target = { hostname: "127.0.0.1", port: server.port, tls: secure ? CONFIG : null };
      const later = await Promise.all(Array.from({ length: 4 }, () => dial(target)));
      expect(later.map((one) => one.fd)).toContain(fd);
      expect(socket.write(bytesOf("stray"), 0, 5)).toBe(-1);
      for (const one of later) one.write(bytesOf("."), 0, 1);
      await until(() => server.received().length >= 4);
      expect(server.received().toString()).toBe("....");
      for (const one of later) one.terminate();
    });

    test("a handler that throws cuts the connection, and the throw is the error's cause", async () => {
      using connection = await connect();
      const { socket, peer, server } = connection;
      const recorder = new Recorder();
      const thrown = new Error("a handler's fault");
      recorder.onBytes = () => {
        throw thrown;
      };
      socket.attach(recorder);
      await send(peer, bytesOf("x"));
      await until(() => recorder.closed);
      expect(recorder.error).toMatchObject({ code: "CONNECTION_HANDLER_THREW", cause: thrown });
      await until(() => server.closes.length === 1);
    });

    test("so does one that throws in onEnd or onDrain", async () => {
      for (const callback of ["onEnd", "onDrain"] as const) {
        using connection = await connect();
        const { socket, peer } = connection;
        const recorder = new Recorder();
        recorder[callback] = () => {
          throw new Error(callback);
        };
        peer.pause();
        socket.attach(recorder);
        if (callback === "onEnd") peer.shutdown();
        else while (socket.write(new Uint8Array(1 << 20), 0, 1 << 20) > 0);
        peer.resume();
        await until(() => recorder.closed);
        expect(recorder.error).toMatchObject({ code: "CONNECTION_HANDLER_THREW", cause: { message: callback } });
      }
    });

    test("what is thrown once it is gone is told on the console, once, and ends nothing else", async () => {
      const report = spyOn(console, "error").mockImplementation(() => {});
      try {
        for (const how of ["reset", "terminated", "terminated within onBytes"] as const) {
          using connection = await connect();
          const { socket, peer } = connection;
          const recorder = new Recorder();
          const thrown = new Error(how);
          const callback = how === "terminated within onBytes" ? "onBytes" : "onClose";
          const record = recorder[callback].bind(recorder) as (what: never) => void;
          recorder[callback] = (what: unknown) => {
            record(what as never);
            if (callback === "onBytes") socket.terminate();
            throw thrown;
          };
          socket.attach(recorder);
          report.mockClear();
          if (how === "reset") peer.terminate();
          else if (how === "terminated") socket.terminate();
          else await send(peer, bytesOf("x"));
          await until(() => recorder.closed);
          await until(() => report.mock.calls.length > 0);
          await Bun.sleep(5);
          expect(report.mock.calls).toEqual([[thrown]]);
          expect(recorder.events.filter((event) => event === "close")).toEqual(["close"]);
        }
      } finally {
        report.mockRestore();
      }
    });

    test("terminate from within onBytes ends it there", async () => {
      using connection = await connect();
      const { socket, peer } = connection;
      await send(peer, bytesOf("one"));
      await Bun.sleep(10);
      const recorder = new Recorder();
      recorder.onBytes = (chunk) => {
        recorder.chunks.push(chunk);
        socket.terminate();
        expect(recorder.closed).toBe(true);
      };
      socket.attach(recorder);
      await until(() => recorder.closed);
      expect(recorder.text).toBe("one");
      expect(recorder.error).toBeNull();
    });
  });
}

test("over TLS, what was negotiated is told, and stays after the close", async () => {
  using server = serve({ tls: { ...identity("localhost"), ALPNProtocols: alpn("http/1.1") } });
  const tls = new TlsConfig({ ca: testPath("ca.crt"), alpn: ["h2", "http/1.1"] });
  const socket = await dial({ hostname: "localhost", port: server.port, tls });
  expect([socket.alpnProtocol, socket.tlsVersion, socket.secure]).toEqual(["http/1.1", "TLSv1.3", true]);
  socket.terminate();
  expect([socket.alpnProtocol, socket.tlsVersion, socket.secure]).toEqual(["http/1.1", "TLSv1.3", true]);
});

test("over TCP there is nothing of TLS to tell", async () => {
  using server = serve();
  const socket = await dial({ hostname: "127.0.0.1", port: server.port, tls: null });
  expect([socket.alpnProtocol, socket.tlsVersion, socket.sessionReused, socket.secure]).toEqual([
    null,
    null,
    false,
    false,
  ]);
  socket.terminate();
});

test("bytes under TLS that do not decrypt are a fault, and close the connection", async () => {
  using server = serve({ tls: identity("localhost"), onData: (socket, chunk) => socket.write(chunk) });
  using relay = relayTo(server.port);
  const socket = await dial({ hostname: "localhost", port: relay.port, tls: CONFIG });
  const recorder = new Recorder();
  socket.attach(recorder);
  socket.write(bytesOf("x"), 0, 1);
  await until(() => recorder.text === "x");
  relay.sockets[0]?.write(Uint8Array.of(23, 3, 3, 0, 32, ...new Array<number>(32).fill(7)));
  await until(() => recorder.closed);
  expect(recorder.text).toBe("x");
  expect(recorder.error).toMatchObject({ code: "CONNECTION_TLS_FAULT", osCode: "EPROTO" });
});

/** A server that passes what it is sent to another port, and back. */
function relayTo(port: number): TestServer {
  const ahead = new Map<unknown, Promise<Socket<undefined>>>();
  return serve({
    onOpen(near) {
      const data = (_far: unknown, chunk: Uint8Array): void => void near.write(chunk);
      ahead.set(
        near,
        Bun.connect({ hostname: "127.0.0.1", port, socket: { data, close: () => void near.terminate() } }),
      );
    },
    onData(near, chunk) {
      ahead.get(near)?.then((far) => far.write(chunk));
    },
  });
}
