import type { Message } from "../../../src/codec/ws/message.ts";
import type { Role } from "../../../src/codec/ws/opcode.ts";
import type { Transport } from "../../../src/socket/transport.ts";
import { WsConnection, type WsHandlers } from "../../../src/ws/connection.ts";
import type { WsOptions } from "../../../src/ws/options.ts";
import { WsStream } from "../../../src/ws/stream.ts";
import type { DeflateAgreement } from "../vectors/vector.ts";
import { CodecEcho } from "./codec-echo.ts";
import { errorLine, lineOf } from "./lines.ts";
import type { Opening } from "./peer.ts";

/** A program under test: it echoes text and binary until the connection ends, and notes what it received in `trace`. */
export interface Program {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly opening: Opening;
  /** Resolves once it is open. */
  run(transport: Transport, role: Role, trace: string[], terms: Terms): Promise<Running>;
}

/** How it is set up. */
export interface Terms {
  readonly bufferCapacity?: number;
  readonly deflate: DeflateAgreement | null;
}

export interface Running {
  /** Settles once the program has seen the end. */
  readonly ended: Promise<unknown>;
  terminate(): void;
}

/** The codec alone: a FrameReader and a FrameWriter. */
const codec: Program = {
  name: "codec",
  roles: ["client", "server"],
  opening: "frames",
  async run(transport, role, trace, { bufferCapacity, deflate }) {
    const echo = new CodecEcho(transport, role, trace, deflate, bufferCapacity);
    return { ended: echo.ended.promise, terminate: () => transport.terminate() };
  },
};

const connection: Program = {
  name: "WsConnection",
  roles: ["client", "server"],
  opening: "handshake",
  async run(transport, role, trace, terms) {
    const options = optionsOf(role, terms);
    const ended = Promise.withResolvers<void>();
    let failed = false;
    const handlers: WsHandlers = {
      message(ws, msg) {
        trace.push(lineOf(msg));
        echo(ws, msg, trace);
      },
      error(__, error) {
        failed = true;
        trace.push(errorLine(error));
      },
      close(__, code, reason) {
        if (!failed || code !== 1006) trace.push(`close ${code} ${JSON.stringify(reason)}`);
        ended.resolve();
      },
    };
    const ws =
      role === "client"
        ? await WsConnection.connectWith(transport, URL, handlers, options)
        : await WsConnection.accept(transport, handlers, options);
    return { ended: Promise.all([ended.promise, ws.closed]), terminate: () => ws.terminate() };
  },
};

const stream: Program = {
  name: "WsStream",
  roles: ["client", "server"],
  opening: "handshake",
  async run(transport, role, trace, terms) {
    const options = optionsOf(role, terms);
    const ws =
      role === "client"
        ? await WsStream.connectWith(transport, URL, options)
        : await WsStream.accept(transport, options);
    return { ended: Promise.all([readAndEcho(ws, trace), ws.closed]), terminate: () => ws.terminate() };
  },
};

export const PROGRAMS: readonly Program[] = [codec, connection, stream];

async function readAndEcho(ws: WsStream, trace: string[]): Promise<void> {
  try {
    for (let msg = await ws.recv(); msg !== null; msg = await ws.recv()) {
      trace.push(lineOf(msg));
      echo(ws, msg, trace);
    }
  } catch (error) {
    trace.push(errorLine(error));
  }
}

function echo(ws: WsConnection | WsStream, msg: Message, trace: string[]): void {
  try {
    if (msg.kind === "text") ws.sendText(msg.text());
    else if (msg.kind === "binary") ws.sendBinary(msg.bytes());
  } catch (error) {
    trace.push(`could not echo: ${String(error)}`);
  }
}

/** Every message is compressed, however short; what the peer wants is granted without being asked for. */
function optionsOf(role: Role, { deflate, ...ring }: Terms): Pick<WsOptions, "bufferCapacity" | "deflate"> {
  if (deflate === null) return ring;
  if (deflate.wantedBy === "peer") return { ...ring, deflate: { threshold: 0 } };
  const server = [deflate.serverMaxWindowBits, !deflate.serverNoContextTakeover] as const;
  const client = [deflate.clientMaxWindowBits, !deflate.clientNoContextTakeover] as const;
  const [own, peer] = role === "client" ? [client, server] : [server, client];
  const [windowBits, contextTakeover] = own;
  const [peerWindowBits, peerContextTakeover] = peer;
  return { ...ring, deflate: { threshold: 0, windowBits, contextTakeover, peerWindowBits, peerContextTakeover } };
}

const URL = "ws://conformance.test/";
