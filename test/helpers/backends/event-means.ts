import { HttpConnection } from "../../../src/http/connection.ts";
import { type DialMeans, dial, dialWith } from "../../../src/socket/dial.ts";
import type { TcpSocket } from "../../../src/socket/tcp-socket.ts";
import { WsStream } from "../../../src/ws/stream.ts";
import { Recorder } from "../../socket/support.ts";
import { utf8 } from "../bytes.ts";
import { until } from "../wait.ts";
import {
  type AnyRaw,
  configOf,
  type Means,
  madeProxy,
  type RawFacts,
  type RawOptions,
  type RawTarget,
} from "./means.ts";

/** The event backend. */
export const eventMeans: Means = {
  openWs: (url, options) => WsStream.connect(url, options),
  openHttp: (url, options) => HttpConnection.connect(url, options),
  openRaw: (target, options) => dialRaw(target, options, null),
  dispose: (ws) => (ws as WsStream)[Symbol.asyncDispose](),
};

/** Dials by other means than the system's, where some are given. */
export async function dialRaw(target: RawTarget, options: RawOptions, means: DialMeans | null): Promise<AnyRaw> {
  const { tls, ...rest } = target;
  const { proxy, ...others } = options;
  const made = { ...rest, tls: tls === null ? null : configOf(tls) };
  const how = { ...others, ...(proxy === undefined ? {} : { proxy: madeProxy(proxy) }) };
  return new EventRaw(await (means === null ? dial(made, how) : dialWith(made, how, means)));
}

class EventRaw implements AnyRaw {
  readonly #socket: TcpSocket;
  #recorder: Recorder | null = null;

  constructor(socket: TcpSocket) {
    this.#socket = socket;
  }

  facts(): RawFacts {
    const { secure, tlsVersion, alpnProtocol, sessionReused } = this.#socket;
    return { secure, tlsVersion, alpnProtocol, sessionReused, info: this.#socket.socketInfo() };
  }

  async exchange(text: string): Promise<string> {
    const recorder = this.#recorder ?? new Recorder();
    if (this.#recorder === null) this.#socket.attach(recorder);
    this.#recorder = recorder;
    const bytes = utf8(text);
    this.#socket.write(bytes, 0, bytes.length);
    await until(() => recorder.text.endsWith(text) || recorder.closed || recorder.events.includes("end"));
    return recorder.text;
  }

  shutdown(): void {
    this.#socket.shutdown();
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
