import type { HeaderPairs } from "../http/head.ts";
import { isToken } from "../http/head.ts";
import type { RequestHead } from "../http/request-head.ts";
import { extensionsOf, type WsExtension } from "./deflate-extension.ts";

/** What a server is asked for by an upgrade request that keeps the rules. */
export interface UpgradeAsked {
  readonly ok: true;
  /** `Sec-WebSocket-Key`: 16 bytes in base64. */
  readonly key: string;
  /** The value of `Host`. */
  readonly authority: string;
  /** Subprotocols that are offered, the preferred one first. */
  readonly protocols: readonly string[];
  /** Extensions that are offered, the preferred one first. */
  readonly extensions: readonly WsExtension[];
  /** Where the page comes from that asks, `null` where nothing says it: browsers always do (RFC 6455 section 10.2). */
  readonly origin: string | null;
}

/** Why an upgrade request is refused, and how. */
export interface UpgradeFault {
  readonly ok: false;
  readonly code: UpgradeFaultCode;
  /** The HTTP status that says so to the peer. */
  readonly status: number;
  readonly reason: string;
  /** Fields that belong to the answer. */
  readonly headers: HeaderPairs;
}

/** One code for each rule of an upgrade request (RFC 6455 section 4.2.1). */
export type UpgradeFaultCode =
  /** The method is not GET: 405. */
  | "UPGRADE_METHOD"
  /** The version is not HTTP/1.1: 505. */
  | "UPGRADE_HTTP_VERSION"
  /** The target is not a path with a query: 400. */
  | "UPGRADE_TARGET"
  /** `Host` is missing, repeated, or no host and port: 400. */
  | "UPGRADE_HOST"
  /** A body is announced, by `Content-Length` or `Transfer-Encoding`: 400. */
  | "UPGRADE_BODY"
  /** `Upgrade` does not name `websocket`: 426. */
  | "UPGRADE_MISSING"
  /** `Connection` does not list `Upgrade`: 400. */
  | "UPGRADE_CONNECTION"
  /** `Sec-WebSocket-Version` is not 13, once: 426 with the version that is spoken. */
  | "UPGRADE_VERSION"
  /** `Sec-WebSocket-Key` is not 16 bytes in base64, once: 400. */
  | "UPGRADE_KEY"
  /** `Sec-WebSocket-Protocol` is not a list of tokens without repetition: 400. */
  | "UPGRADE_PROTOCOLS"
  /** `Sec-WebSocket-Extensions` breaks its grammar: 400. */
  | "UPGRADE_EXTENSIONS"
  /** `Origin` is repeated: 400; or it is not among those that are let in: 403. */
  | "UPGRADE_ORIGIN";

/** Judges a client's half of the opening handshake, rule by rule in the order of {@link UpgradeFaultCode}. */
export function judgeUpgrade(request: RequestHead): UpgradeAsked | UpgradeFault {
  const { method, target, version } = request;
  if (method !== "GET") {
    return fault("UPGRADE_METHOD", 405, `the method is ${shown(method)} where it must be GET`, [["Allow", "GET"]]);
  }
  if (version !== "1.1") return fault("UPGRADE_HTTP_VERSION", 505, `the version is HTTP/${version}, not HTTP/1.1`);
  if (!TARGET.test(target)) return fault("UPGRADE_TARGET", 400, `the target ${shown(target)} is not a path`);
  const authority = single(request, "host");
  if (authority === null || !AUTHORITY.test(authority)) {
    return fault("UPGRADE_HOST", 400, `Host is ${described(request, "host")}`);
  }
  for (const name of ["Content-Length", "Transfer-Encoding"]) {
    if (request.header(name) !== null) return fault("UPGRADE_BODY", 400, `${name} stands in a request without a body`);
  }
  if (!lists(request, "upgrade", "websocket")) {
    return fault("UPGRADE_MISSING", 426, `Upgrade is ${described(request, "upgrade")}`, UPGRADE_REQUIRED);
  }
  if (!lists(request, "connection", "upgrade")) {
    return fault("UPGRADE_CONNECTION", 400, "Connection does not list Upgrade");
  }
  if (single(request, "sec-websocket-version") !== VERSION) {
    const reason = `Sec-WebSocket-Version is ${described(request, "sec-websocket-version")}, not ${VERSION}`;
    return fault("UPGRADE_VERSION", 426, reason, [...UPGRADE_REQUIRED, ["Sec-WebSocket-Version", VERSION]]);
  }
  const key = single(request, "sec-websocket-key");
  if (key === null || !KEY.test(key)) {
    return fault("UPGRADE_KEY", 400, "Sec-WebSocket-Key is not 16 bytes in base64, given once");
  }
  const protocols = offeredProtocols(request);
  if (protocols === null) {
    return fault("UPGRADE_PROTOCOLS", 400, "Sec-WebSocket-Protocol is not a list of different tokens");
  }
  const offers = request.values("sec-websocket-extensions");
  const extensions = offers.length === 0 ? [] : extensionsOf(offers.join());
  if (extensions === null) return fault("UPGRADE_EXTENSIONS", 400, "Sec-WebSocket-Extensions is malformed");
  if (request.values("origin").length > 1) return fault("UPGRADE_ORIGIN", 400, "Origin is given twice");
  return { ok: true, key, authority, protocols, extensions, origin: request.header("origin") };
}

/** That a page of this origin is not let in. */
export function foreignOrigin(origin: string | null): UpgradeFault {
  const from = origin === null ? "a request without Origin is not let in" : `Origin ${shown(origin)} is not let in`;
  return fault("UPGRADE_ORIGIN", 403, from);
}

function fault(code: UpgradeFaultCode, status: number, reason: string, headers: HeaderPairs = []): UpgradeFault {
  return { ok: false, code, status, reason, headers };
}

/** The value of a field that must stand there once; null where it does not. */
function single(request: RequestHead, name: string): string | null {
  const [value, ...more] = request.values(name);
  return value === undefined || more.length > 0 ? null : value;
}

/** True where a list of tokens, which may stand in several fields, has `token` in any case. */
function lists(request: RequestHead, name: string, token: string): boolean {
  return elements(request, name).some((element) => element.toLowerCase() === token);
}

/** Null where the offer breaks the grammar; an empty list where there is none. */
function offeredProtocols(request: RequestHead): string[] | null {
  if (request.header("sec-websocket-protocol") === null) return [];
  const protocols = elements(request, "sec-websocket-protocol");
  const different = new Set(protocols).size === protocols.length;
  return different && protocols.length > 0 && protocols.every(isToken) ? protocols : null;
}

/** The elements of a list (RFC 9110 section 5.6.1), empty ones left out. */
function elements(request: RequestHead, name: string): string[] {
  return request
    .values(name)
    .flatMap((value) => value.split(","))
    .map((element) => element.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((element) => element !== "");
}

function described(request: RequestHead, name: string): string {
  const [value, ...more] = request.values(name);
  if (value === undefined) return "missing";
  return more.length > 0 ? "given twice" : shown(value);
}

function shown(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);
}

/** The origin form of RFC 9112 section 3.2.1. Browsers leave more characters as they are in a query than RFC 3986 does; `#` is none of them. */
const TARGET = /^\/[!"$-~]*$/;

/** `uri-host [ ":" port ]` of RFC 9110 section 7.2: a name or an IPv4 address, or an IPv6 one in brackets. */
const AUTHORITY = /^(?:[!$%&'()*+,\-.0-9;=A-Z_a-z~]+|\[[0-9A-Fa-f:.]+(?:%25[0-9A-Za-z._~-]+)?\])(?::\d{0,5})?$/;

/** RFC 6455 section 4.1: 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
const VERSION = "13";
const UPGRADE_REQUIRED: HeaderPairs = [["Upgrade", "websocket"]];
const LONGEST_SHOWN = 100;
