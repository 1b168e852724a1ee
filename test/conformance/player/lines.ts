import { ProtocolError } from "../../../src/codec/errors.ts";
import type { Message } from "../../../src/codec/ws/message.ts";
import { line } from "../vectors/build.ts";

/** A message in the words of a vector. */
export function lineOf(msg: Message): string {
  if (msg.kind === "close") return `close ${msg.closeCode} ${JSON.stringify(msg.closeReason)}`;
  return line(msg.kind, msg.bytes());
}

/** The error that ended a connection, or a call, in the words of a vector. */
export function errorLine(error: unknown): string {
  if (error instanceof ProtocolError) return `failed ${error.closeCode} ${error.code}`;
  return `failed: ${String((error as { readonly code?: unknown }).code ?? error)}`;
}
