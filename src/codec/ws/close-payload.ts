import type { ProtocolFault } from "../errors.ts";
import { UTF8_ACCEPT, utf8Step } from "../utf8.ts";
import { isSendableCloseCode } from "./close-code.ts";

/** What is wrong with the payload of a close frame, or null (RFC 6455 sections 5.5.1 and 7.4). */
export function closePayloadFault(bytes: Uint8Array, start: number, end: number): ProtocolFault | null {
  const length = end - start;
  if (length === 0) return null;
  if (length === 1) return "WS_CLOSE_PAYLOAD";
  if (!isSendableCloseCode((bytes[start]! << 8) | bytes[start + 1]!)) return "WS_CLOSE_CODE";
  return utf8Step(bytes, start + 2, end, UTF8_ACCEPT) === UTF8_ACCEPT ? null : "WS_INVALID_UTF8";
}

/** The code of a close frame's payload, for an error's message; empty where there is none. */
export function closeCodeDetail(bytes: Uint8Array, start: number, end: number): string {
  return end - start < 2 ? "" : `code ${(bytes[start]! << 8) | bytes[start + 1]!}`;
}
