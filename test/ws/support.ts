import type { OwnedMessage } from "../../src/codec/ws/message.ts";
import { type MemoryPairOptions, memoryPair } from "../../src/socket/memory-pair.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { turn } from "../helpers/wait.ts";
import { acceptance, lineOf, messagesIn, type PeerOptions, WsPeer } from "../helpers/ws-peer.ts";

/** What a WsConnection told its handlers, in order: `message text hello`, `batch 2`, `error WS_…`, `close 1006`. */
export class Diary {
  readonly entries: string[] = [];
  readonly errors: unknown[] = [];
  readonly messages: OwnedMessage[] = [];
  /** Called after each entry, still within the handler; what it throws the handler throws. */
  onEntry: (ws: WsConnection, entry: string) => void = () => {};

  readonly handlers = {
    message: (ws: WsConnection, msg: { toOwned(): OwnedMessage }): void => {
      const message = msg.toOwned();
      this.messages.push(message);
      this.#write(ws, `message ${lineOf(message)}`);
    },
    batch: (ws: WsConnection, count: number): void => this.#write(ws, `batch ${count}`),
    drain: (ws: WsConnection): void => this.#write(ws, "drain"),
    error: (ws: WsConnection, error: unknown): void => {
      this.errors.push(error);
      this.#write(ws, `error ${nameOf(error)}`);
    },
    close: (ws: WsConnection, code: number, reason: string): void =>
      this.#write(ws, `close ${code} ${reason}`.trimEnd()),
  };

  get closed(): boolean {
    return this.entries.some((entry) => entry.startsWith("close"));
  }

  #write(ws: WsConnection, entry: string): void {
    this.entries.push(entry);
    this.onEntry(ws, entry);
  }
}

/** What identifies an error: its code, else its message. */
export function nameOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return String(code ?? message);
}

/** A stream and its peer over a pair in memory. */
export async function streamPair(
  options: WsOptions = {},
  peerOptions: PeerOptions = {},
  pairOptions: MemoryPairOptions = {},
): Promise<{ ws: WsStream; peer: WsPeer }> {
  const [client, server] = memoryPair(pairOptions);
  const peer = new WsPeer(server, peerOptions);
  return { ws: await WsStream.connectWith(client, "ws://h/", options), peer };
}

/** A connection with a diary, and its peer over a pair in memory. */
export async function connectionPair(
  options: WsOptions = {},
  peerOptions: PeerOptions = {},
  pairOptions: MemoryPairOptions = {},
): Promise<{ ws: WsConnection; peer: WsPeer; diary: Diary }> {
  const [client, server] = memoryPair(pairOptions);
  const peer = new WsPeer(server, peerOptions);
  const diary = new Diary();
  return { ws: await WsConnection.connectWith(client, "ws://h/", diary.handlers, options), peer, diary };
}

/** The wire under a test's control, open: what the client writes from here on is in `sent()`. */
export class Wire {
  readonly transport: ScriptedTransport = new ScriptedTransport();

  async stream(options: WsOptions = {}): Promise<WsStream> {
    const opening = WsStream.connectWith(this.transport, "ws://h/", options);
    this.#accept();
    return opening;
  }

  async connection(diary: Diary, options: WsOptions = {}): Promise<WsConnection> {
    const opening = WsConnection.connectWith(this.transport, "ws://h/", diary.handlers, options);
    this.#accept();
    return opening;
  }

  /** Lines of what the client has sent, whole frames only. */
  sent(): string[] {
    return messagesIn(this.transport.written, "client").map(lineOf);
  }

  #accept(): void {
    const peer = new WsPeer(new ScriptedTransport(), { answer: () => null });
    peer.onBytes(this.transport.takeWritten());
    if (peer.request === null) throw new Error("the request is not whole");
    this.transport.deliver(new TextEncoder().encode(acceptance(peer.request)));
  }
}

/** All that a stream gives until its end: lines, and `error CODE` for the rejection. */
export async function readAll(ws: WsStream): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    try {
      const message = await ws.recv();
      if (message === null) return lines;
      lines.push(lineOf(message.toOwned()));
    } catch (error) {
      lines.push(`error ${nameOf(error)}`);
    }
  }
}

/** Whether a promise is settled by now. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  await turn();
  const pending = Symbol("pending");
  const first = await Promise.race([promise.catch(() => null), Promise.resolve(pending)]);
  return first !== pending;
}
