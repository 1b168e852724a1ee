import { NexusError, PROTOCOL_FAULTS, ProtocolError, type ProtocolFault, TimeoutError } from "../codec/errors.ts";
import { RequestError, type RequestErrorCode, type RequestProgress } from "../http/errors.ts";
import { PoolError, type PoolErrorCode } from "./errors.ts";

/** An error as it crosses from thread to thread: what the other side needs to make the same one again. */
interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly progress?: RequestProgress;
  readonly bytesSent?: number;
  readonly timeout?: number;
  readonly phase?: string;
  readonly cause?: ErrorText;
}

/** The error in at most `most` bytes of UTF-8; causes, and the end of messages, are left out where there is no room. */
export function errorBytes(error: unknown, most: number): Uint8Array {
  for (let depth = DEEPEST; depth >= 0; depth--) {
    const bytes = textBytes(textOf(error, depth, LONGEST_MESSAGE));
    if (bytes.length <= most) return bytes;
  }
  return textBytes(textOf(error, 0, 0));
}

/** The error that was written as `text`. */
export function errorOf(text: string): Error {
  return revived(JSON.parse(text) as ErrorText);
}

function textBytes(text: ErrorText): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(text));
}

function textOf(error: unknown, depth: number, longest: number): ErrorText {
  if (!(error instanceof Error)) return { name: "Error", message: String(error).slice(0, longest) };
  const { code, progress, bytesSent, timeout, phase } = error as Partial<ErrorText>;
  const message = error instanceof RequestError ? withoutProgress(error) : error.message;
  const fields = { name: error.name, message: message.slice(0, longest), code, progress, bytesSent, timeout, phase };
  const cause = depth > 0 && error.cause !== undefined ? { cause: textOf(error.cause, depth - 1, longest) } : {};
  return { ...fields, ...cause } as ErrorText;
}

/** Its constructor adds it again. */
function withoutProgress({ message, progress, bytesSent }: RequestError): string {
  const added = ` (${progress}, ${bytesSent} bytes)`;
  return message.endsWith(added) ? message.slice(0, -added.length) : message;
}

function revived(text: ErrorText): Error {
  const { name, message, code = "", progress = "not-sent", bytesSent = 0, timeout = 0, phase = "request" } = text;
  const cause = text.cause === undefined ? null : revived(text.cause);
  const options = cause === null ? undefined : { cause };
  switch (name) {
    case "RequestError":
      return new RequestError(code as RequestErrorCode, message, progress, bytesSent, cause);
    case "PoolError":
      return new PoolError(code as PoolErrorCode, message, options);
    case "TimeoutError":
      return new TimeoutError(code, message, timeout, phase, options);
    case "ProtocolError":
      return protocolError(code as ProtocolFault, message, options);
    default:
      return named(code === "" ? new Error(message, options) : new NexusError(code, message, options), name);
  }
}

function protocolError(code: ProtocolFault, message: string, options: ErrorOptions | undefined): ProtocolError {
  const start = `Cannot read: ${PROTOCOL_FAULTS[code].sentence}: `;
  return new ProtocolError(code, message.startsWith(start) ? message.slice(start.length) : "", options);
}

function named(error: Error, name: string): Error {
  error.name = name;
  return error;
}

/** Causes of causes. */
const DEEPEST = 3;
const LONGEST_MESSAGE = 1_000;
