import { SpinHttpConnection } from "../../../src/http/spin-connection.ts";
import { spinConnect } from "../../../src/socket/spin-connect.ts";
import { scratchMemory } from "../../../src/socket/spin-memory.ts";
import { spinTarget } from "../../../src/socket/spin-target.ts";
import type { SpinTransport } from "../../../src/socket/spin-transport.ts";
import { SpinWsStream } from "../../../src/ws/spin-stream.ts";
import { utf8 } from "../bytes.ts";
import { type AnyRaw, configOf, type Means, madeProxy, type RawFacts } from "./means.ts";

/** The spin backend, whose calls hold up the thread: not for one that plays the peer, too. */
export const spinMeans: Means = {
  openWs: (url, options) => SpinWsStream.connect(url, options),
  openHttp: (url, options) => SpinHttpConnection.connect(url, options),
  async openRaw({ hostname, port, tls }, { socket = {}, proxy, timeout = 10_000, tlsTimeout = timeout }) {
    const settings = {
      tls: tls === null ? null : configOf(tls),
      socket,
      proxy: proxy === undefined ? null : madeProxy(proxy),
      connectTimeout: timeout,
      tlsTimeout,
      signal: null,
    };
    const given = { hostname, port, secure: tls !== null };
    if (proxy !== undefined || !hostname.endsWith(".example")) {
      return new SpinRaw(spinConnect(await spinTarget(given, settings), settings, false));
    }
    // Such names are this machine's, as they are for the event backend's tests.
    const target = await spinTarget({ ...given, hostname: "127.0.0.1" }, settings);
    return new SpinRaw(spinConnect({ ...target, hostname, where: `${hostname}:${port}` }, settings, false));
  },
  async dispose(ws) {
    (ws as SpinWsStream)[Symbol.dispose]();
  },
};

class SpinRaw implements AnyRaw {
  readonly #transport: SpinTransport;
  #text = "";

  constructor(transport: SpinTransport) {
    this.#transport = transport;
  }

  facts(): RawFacts {
    const { secure, tls } = this.#transport;
    const { version: tlsVersion = null, alpnProtocol = null, sessionReused = false } = tls ?? {};
    return { secure, tlsVersion, alpnProtocol, sessionReused, info: this.#transport.socketInfo() };
  }

  exchange(text: string): string {
    const transport = this.#transport;
    const bytes = utf8(text);
    const { bytes: came, address } = scratchMemory(64 << 10);
    const end = performance.now() + IN_VAIN;
    for (let sent = 0; performance.now() < end; ) {
      if (sent < bytes.length) sent += Math.max(0, transport.write(bytes, sent, bytes.length - sent));
      if (transport.owes) transport.flush();
      const count = transport.receive(address, came.length);
      if (count < 0) return this.#text;
      this.#text += Buffer.from(came.buffer, 0, count).toString();
      if (this.#text.endsWith(text)) return this.#text;
      if (count === 0) transport.wait(sent < bytes.length, 50);
    }
    throw new Error(`Waited in vain for ${text}`);
  }

  shutdown(): void {
    this.#transport.shutdown();
  }

  terminate(): void {
    this.#transport.terminate();
  }
}

/** Milliseconds. */
const IN_VAIN = 30_000;
