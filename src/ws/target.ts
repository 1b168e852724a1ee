import { UsageError } from "../codec/errors.ts";

/** A WebSocket URL taken apart (RFC 6455 section 3). */
export interface WsTarget {
  /** Without user name, password and fragment. */
  readonly url: string;
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** Host, and port where it is not the scheme's own: the value of `Host`. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** `Basic …` of the URL's user name and password, null where it has none. */
  readonly authorization: string | null;
}

/** Throws `URL_INVALID` for anything but `ws:` and `wss:` URLs. */
export function wsTarget(url: string | URL): WsTarget {
  const parsed = URL.parse(String(url));
  if (parsed === null || (parsed.protocol !== "ws:" && parsed.protocol !== "wss:") || parsed.hostname === "") {
    const shown = parsed === null ? "the text given" : `${parsed.protocol}//${parsed.host}`;
    throw new UsageError("URL_INVALID", `Cannot open WebSocket: ${shown} is not a ws: or wss: URL`);
  }
  const { protocol, hostname, port, host, pathname, search, username, password } = parsed;
  const secure = protocol === "wss:";
  const login = `${decoded(username)}:${decoded(password)}`;
  return {
    url: `${protocol}//${host}${pathname}${search}`,
    secure,
    hostname,
    port: port === "" ? (secure ? 443 : 80) : Number(port),
    authority: host,
    path: pathname + search,
    authorization: login === ":" ? null : `Basic ${Buffer.from(login).toString("base64")}`,
  };
}

/** A URL as messages and logs show it: venues take keys and tokens in its query. */
export function shownUrl(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : `${url.slice(0, query)}?…`;
}

/** The text is not shown: it is a name or a secret. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    const message = "Cannot open WebSocket: user name or password of the URL is not percent-encoded UTF-8";
    throw new UsageError("URL_INVALID", message, { cause });
  }
}
