import { UsageError } from "../codec/errors.ts";
import { isFieldValue, isToken } from "../codec/http/head.ts";
import { endpoint, ipLiteral } from "./address.ts";
import { defaultTls } from "./default-tls.ts";
import type { TlsConfig } from "./tls-config.ts";

/**
 * A proxy to connect through. Whatever goes wrong there is an error, never a direct connection; environment variables
 * (`HTTPS_PROXY`, `NO_PROXY`) are not read.
 */
export interface ProxyOptions {
  /**
   * - `http://user:password@host:3128`: an HTTP proxy, asked with CONNECT for every target, `ws:` and `http:` ones too
   * - `https://…`: the same, asked over TLS. Only for targets without TLS, as Bun cannot start TLS within TLS
   * - `socks5://…`, `socks5h://…`: a SOCKS5 proxy (RFC 1928), with user name and password (RFC 1929) where there are some
   *
   * All of them are handed the target's name and resolve it themselves: this machine asks no resolver for it, with `socks5://` no
   * more than with `socks5h://`. User name and password are percent-encoded. Ports default to 80, 443 and 1080.
   */
  readonly url: string | URL;
  /** Fields of the CONNECT request, for HTTP proxies. A `Proxy-Authorization` here stands instead of the URL's. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
  /** For `https://` proxies: how to speak TLS with the proxy itself. Default: the public roots that Bun ships. */
  readonly tls?: TlsConfig;
}

/** {@link ProxyOptions} after the edge. */
export interface CheckedProxy {
  readonly kind: "http" | "socks5";
  readonly hostname: string;
  readonly port: number;
  readonly tls: TlsConfig | null;
  /** `proxy.example:3128`: how it stands in messages. */
  readonly where: string;
  /** Of the CONNECT request, authorization included. */
  readonly headers: HeaderPairs;
  /** For SOCKS5. */
  readonly login: ProxyLogin | null;
}

/** What RFC 1929 sends. */
export interface ProxyLogin {
  readonly user: Uint8Array;
  readonly password: Uint8Array;
}

type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** Checks the option once, at the edge. @throws UsageError `PROXY_INVALID`, which shows neither user name nor password */
export function checkProxy(option: string | ProxyOptions): CheckedProxy {
  const given: Partial<ProxyOptions> | null = typeof option === "string" ? { url: option } : option;
  const { url, headers = [], tls } = given ?? {};
  const parsed = URL.parse(String(url));
  if (parsed === null) throw invalid("its url is not a URL");
  const scheme = SCHEMES[parsed.protocol];
  if (scheme === undefined) throw invalid("the scheme of its url is none of http:, https:, socks5: and socks5h:");
  const { hostname } = parsed;
  if (!isHost(hostname)) throw invalid("its url has no host that can be connected to");
  if (!/^\/?$/.test(parsed.pathname) || parsed.search !== "" || parsed.hash !== "") {
    throw invalid("its url has more than scheme, user name, password, host and port");
  }
  const port = parsed.port === "" ? scheme.port : Number(parsed.port);
  if (port === 0) throw invalid("the port of its url is 0");
  if (tls !== undefined && !scheme.secure) throw invalid(`tls is given, but ${parsed.protocol} does not speak TLS`);
  const pairs = isPairs(headers) ? headers : Object.entries(headers);
  const user = decoded(parsed.username);
  const password = decoded(parsed.password);
  return {
    kind: scheme.kind,
    hostname,
    port,
    tls: scheme.secure ? (tls ?? defaultTls()) : null,
    where: endpoint(ipLiteral(hostname)?.address ?? hostname, port),
    headers: scheme.kind === "http" ? connectHeaders(pairs, user, password) : noHeaders(pairs),
    login: scheme.kind === "http" ? null : socksLogin(user, password),
  };
}

/** Refuses what must not, or cannot, be told to a proxy as the host to connect to. */
export function checkTunnelTarget(hostname: string): void {
  if (isHost(hostname)) return;
  const detail = "a proxy takes an ASCII name of at most 255 characters, or an IP address without a zone";
  throw new UsageError(
    "CONNECT_BAD_TARGET",
    `Cannot connect through a proxy: hostname is ${JSON.stringify(hostname)}; ${detail}`,
  );
}

/** Nothing that could end a line, a field or an authority. */
function isHost(hostname: string): boolean {
  const literal = ipLiteral(hostname);
  return literal === null ? /^[\w.~-]{1,255}$/.test(hostname) : !literal.address.includes("%");
}

/** RFC 9110 section 11.7.2, RFC 7617. */
function connectHeaders(headers: HeaderPairs, user: string, password: string): HeaderPairs {
  for (const [name, value] of headers) {
    if (!isToken(name) || OWN_FIELDS.has(name.toLowerCase())) {
      throw invalid(`header ${JSON.stringify(name)} is no token, or not for the caller to set`);
    }
    if (!isFieldValue(value)) throw invalid(`the value of header ${name} must not go on the wire`);
  }
  if (user.includes(":")) throw invalid("the user name holds a colon, which Basic authentication cannot carry");
  if (user === "" && password === "") return headers;
  if (headers.some(([name]) => name.toLowerCase() === "proxy-authorization")) return headers;
  return [["Proxy-Authorization", `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`], ...headers];
}

function noHeaders(headers: HeaderPairs): HeaderPairs {
  if (headers.length > 0) throw invalid("headers are given, but SOCKS5 has none");
  return headers;
}

/** RFC 1929 section 2: 1 to 255 bytes each. */
function socksLogin(user: string, password: string): ProxyLogin | null {
  if (user === "" && password === "") return null;
  const login = { user: Buffer.from(user), password: Buffer.from(password) };
  for (const [name, { length }] of Object.entries({ "user name": login.user, password: login.password })) {
    if (length === 0 || length > 255) throw invalid(`the ${name} is ${length} bytes where SOCKS5 takes 1 to 255`);
  }
  return login;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("user name or password of its url is not percent-encoded UTF-8");
  }
}

function isPairs(headers: NonNullable<ProxyOptions["headers"]>): headers is HeaderPairs {
  return Array.isArray(headers);
}

function invalid(detail: string): UsageError {
  return new UsageError("PROXY_INVALID", `Cannot use option proxy: ${detail}`);
}

/** What belongs to the request itself; CONNECT has no body (RFC 9110 section 9.3.6). */
const OWN_FIELDS: ReadonlySet<string> = new Set(["host", "connection", "content-length", "transfer-encoding"]);

const SCHEMES: Readonly<Record<string, { kind: "http" | "socks5"; port: number; secure: boolean }>> = {
  "http:": { kind: "http", port: 80, secure: false },
  "https:": { kind: "http", port: 443, secure: true },
  "socks5:": { kind: "socks5", port: 1080, secure: false },
  "socks5h:": { kind: "socks5", port: 1080, secure: false },
};
