import { UsageError } from "../codec/errors.ts";
import { CloseCode } from "../codec/ws/close-code.ts";
import type { Message, OwnedMessage } from "../codec/ws/message.ts";
import { notOpen } from "./errors.ts";

/** What the streams of a WebSocket need of it. */
export interface StreamedSocket extends AsyncDisposable {
  recv(): Promise<Message | null>;
  sendText(text: string): boolean;
  sendBinary(bytes: Uint8Array): boolean;
  sendPing(payload: Uint8Array): boolean;
  sendPong(payload: Uint8Array): boolean;
  drained(): Promise<void>;
  close(code?: number, reason?: string): boolean;
  /** Resolves when the connection is gone, with the error that ended it or null. */
  gone(): Promise<Error | null>;
}

/** What a writable stream of messages takes: a string as text, bytes as binary, or a message as a readable one gave it. */
export type SendableMessage = string | Uint8Array | OwnedMessage;

/**
 * The messages as a stream. Nothing is read ahead of what is asked for: a reader that is slow holds the peer back, by way of the ring and
 * the socket. The close message comes last. Cancelling closes the WebSocket.
 */
export function readableOf(ws: StreamedSocket): ReadableStream<OwnedMessage> {
  return new ReadableStream<OwnedMessage>(
    {
      async pull(controller) {
        const message = await ws.recv();
        if (message === null) controller.close();
        else controller.enqueue(message.toOwned());
      },
      cancel: () => ws[Symbol.asyncDispose](),
    },
    { highWaterMark: 0 },
  );
}

/**
 * Messages to send, as a stream: a write resolves once there is room again below the high-water mark. Closing it is the closing handshake with
 * 1000, aborting it one with 1011, so that the peer does not take what came for the whole. It fails when the connection ends otherwise.
 */
export function writableOf(ws: StreamedSocket): WritableStream<SendableMessage> {
  let closing = false;
  return new WritableStream<SendableMessage>({
    start(controller) {
      void ws.gone().then((error) => {
        if (!closing) controller.error(error ?? notOpen("send", "ended"));
      });
    },
    async write(message, controller) {
      if (isClose(message)) closing = true;
      if (!send(ws, message)) await room(ws, (controller as AbortableController).signal);
    },
    async close() {
      closing = true;
      ws.close(CloseCode.NORMAL);
      const error = await ws.gone();
      if (error !== null) throw error;
    },
    abort() {
      closing = true;
      ws.close(CloseCode.INTERNAL_ERROR);
    },
  });
}

/** The standard's, of which the types of Bun leave `signal` out. */
type AbortableController = WritableStreamDefaultController & { readonly signal: AbortSignal };

function send(ws: StreamedSocket, message: SendableMessage): boolean {
  if (typeof message === "string") return ws.sendText(message);
  if (message instanceof Uint8Array) return ws.sendBinary(message);
  switch (message?.kind) {
    case "text":
      return ws.sendText(message.text);
    case "binary":
      return ws.sendBinary(message.bytes);
    case "ping":
      return ws.sendPing(message.bytes);
    case "pong":
      return ws.sendPong(message.bytes);
    case "close":
      return ws.close(message.code === CloseCode.NO_STATUS ? undefined : message.code, message.reason);
    default:
      throw new UsageError(
        "STREAM_BAD_CHUNK",
        `Cannot send: a chunk is ${describe(message)}, not a string, bytes, or a message`,
      );
  }
}

function isClose(message: SendableMessage): boolean {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "close";
}

/** Waits for room, or until the stream is aborted: then its `abort` does the rest. */
async function room(ws: StreamedSocket, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([ws.drained(), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function describe(chunk: unknown): string {
  return chunk === null ? "null" : typeof chunk;
}
