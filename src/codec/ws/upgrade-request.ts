import { UsageError } from "../errors.ts";
import { isFieldValue, isToken } from "../http/head.ts";

/** A client's opening handshake (RFC 6455 section 4.1). */
export interface UpgradeRequest {
  /** Host and, where it is not the scheme's own, port: the value of `Host`. IPv6 addresses stand in brackets. */
  readonly authority: string;
  /** Path and query, as they go on the request line. */
  readonly target: string;
  /** 16 random bytes in base64. */
  readonly key: string;
  /** Subprotocols in order of preference. */
  readonly protocols: readonly string[];
  /** The extensions that are offered: the value of `Sec-WebSocket-Extensions`, `""` for none. Default none. */
  readonly extensions?: string;
  /** The user's fields, sent in this order and case behind the library's. A `Host` among them replaces ours. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The request's text, ready to be sent as Latin-1. Throws `HANDSHAKE_REQUEST_INVALID` for what must not go on the wire. */
export function upgradeRequestText(request: UpgradeRequest): string {
  const { authority, target, key, protocols, extensions = "", headers } = request;
  if (!TARGET.test(target))
    throw invalid(`target ${JSON.stringify(target)} has characters that must be percent-encoded`);
  if (!AUTHORITY.test(authority)) throw invalid(`authority ${JSON.stringify(authority)} is not a host and port`);
  if (!KEY.test(key)) throw invalid("the key is not 16 bytes in base64");
  const ownHosts = headers.filter(([name]) => name.toLowerCase() === "host").length;
  if (ownHosts > 1) throw invalid("header Host is given twice");
  let text = `GET ${target} HTTP/1.1\r\n`;
  if (ownHosts === 0) text += `Host: ${authority}\r\n`;
  text += `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n`;
  for (const protocol of protocols)
    if (!isToken(protocol)) throw invalid(`subprotocol ${JSON.stringify(protocol)} is not a token`);
  if (new Set(protocols).size !== protocols.length) throw invalid("a subprotocol is offered twice");
  if (protocols.length > 0) text += `Sec-WebSocket-Protocol: ${protocols.join(", ")}\r\n`;
  if (extensions !== "") text += `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  for (const [name, value] of headers) text += `${checkedName(name)}: ${checkedValue(name, value)}\r\n`;
  return `${text}\r\n`;
}

function checkedName(name: string): string {
  if (!isToken(name)) throw invalid(`header name ${JSON.stringify(name)} is not a token`);
  if (RESERVED.has(name.toLowerCase())) throw invalid(`header ${name} belongs to the handshake`);
  return name;
}

/** The value is not shown: it may be a secret. */
function checkedValue(name: string, value: string): string {
  if (!isFieldValue(value))
    throw invalid(`value of header ${name} has a control character, white space around it, or one over U+00FF`);
  return value;
}

function invalid(detail: string): UsageError {
  return new UsageError("HANDSHAKE_REQUEST_INVALID", `Cannot open WebSocket: ${detail}`);
}

/** Origin form of RFC 9112 section 3.2.1: visible ASCII without the characters that RFC 3986 leaves out of path and query. */
const TARGET = /^\/[!$-;=?-Z_a-z~%[\]]*$/;

/** `uri-host [ ":" port ]` of RFC 9110 section 7.2, as far as its characters go (RFC 3986 section 3.2.2). */
const AUTHORITY = /^[!$%&'()*+,\-.0-;=A-Z[\]_a-z~]+$/;

const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** Fields that the handshake itself writes, or that would give a GET a body. */
const RESERVED: ReadonlySet<string> = new Set([
  "upgrade",
  "connection",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
  "sec-websocket-accept",
  "content-length",
  "transfer-encoding",
]);
