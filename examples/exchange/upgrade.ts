import { createHash } from "node:crypto";
import type { Answer } from "./answer.ts";
import { type HttpRequest, listsToken } from "./request-parser.ts";

/** Whether a request wants to become a WebSocket, rightly or not. */
export function asksForUpgrade(request: HttpRequest): boolean {
  return listsToken(request, "upgrade", "websocket");
}

/** Why the request does not open a WebSocket (RFC 6455 section 4.2.1), or null where it does. */
export function upgradeRefusal(request: HttpRequest): Answer | null {
  const { method, headers } = request;
  if (method !== "GET" || !asksForUpgrade(request) || !listsToken(request, "connection", "upgrade"))
    return { status: 400, body: "This path takes WebSocket upgrades" };
  if (headers.get("sec-websocket-version") !== "13") {
    return { status: 426, headers: { "Sec-WebSocket-Version": "13" }, body: "WebSocket version 13 is needed" };
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (Buffer.from(key, "base64").length !== 16) return { status: 400, body: "Sec-WebSocket-Key is not 16 bytes" };
  return null;
}

/** The 101 to a request that {@link upgradeRefusal} let through. */
export function renderAcceptance({ headers }: HttpRequest): string {
  const accept = createHash("sha1")
    .update(`${headers.get("sec-websocket-key")}${ACCEPT_SUFFIX}`)
    .digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** RFC 6455 section 1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
