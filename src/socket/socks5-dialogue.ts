import { addressBytes, ipLiteral } from "./address.ts";
import type { ProxyLogin } from "./proxy.ts";
import type { ProxyDialogue, ProxyOutcome, ProxyRefusal } from "./proxy-dialogue.ts";

/** Whom a SOCKS5 proxy is asked to connect to. */
export interface Socks5Request {
  /** A name, which the proxy resolves, or an IP literal. */
  readonly hostname: string;
  readonly port: number;
  readonly login: ProxyLogin | null;
}

/**
 * CONNECT over SOCKS5 (RFC 1928), with user name and password (RFC 1929) where the proxy chooses so. Each message is sent after the
 * answer to the one before; bytes that come out of turn are refused, those behind the last reply are the tunnel's.
 */
export class Socks5Dialogue implements ProxyDialogue {
  message: Uint8Array;
  outcome: ProxyOutcome | null = null;
  readonly refused: boolean = false;
  readonly #request: Socks5Request;
  /** What came of the answer under way: at most a reply with the longest name. */
  readonly #answer: Uint8Array = new Uint8Array(LONGEST_REPLY);
  #length = 0;
  #total = 0;
  #stage: "method" | "login" | "reply" = "method";

  constructor(request: Socks5Request) {
    this.#request = request;
    const methods = request.login === null ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USER_AND_PASSWORD];
    this.message = Uint8Array.from([VERSION, methods.length, ...methods]);
  }

  read(chunk: Uint8Array): void {
    let pos = 0;
    this.#total += chunk.length;
    while (pos < chunk.length && this.outcome === null) {
      const missing = this.#expected() - this.#length;
      const taken = Math.min(missing, chunk.length - pos);
      this.#answer.set(chunk.subarray(pos, pos + taken), this.#length);
      this.#length += taken;
      pos += taken;
      if (!this.#judge()) continue;
      if (this.#stage === "reply") this.outcome = { open: true, rest: chunk.subarray(pos) };
      else if (pos < chunk.length) this.#refuseAnswer(`${chunk.length - pos} bytes came before they were asked for`);
      else this.#advance();
    }
  }

  eof(): void {
    this.#refuse(
      "PROXY_CUT",
      `the proxy ended the connection after ${this.#total} bytes, during its ${this.#stage} answer`,
    );
  }

  /** Bytes of the answer under way, as far as its beginning tells. */
  #expected(): number {
    if (this.#stage !== "reply") return 2;
    const [, , , type, first = 0] = this.#answer;
    if (this.#length < 5) return 5;
    if (type === IPV4) return REPLY_AROUND_ADDRESS + 4;
    return REPLY_AROUND_ADDRESS + (type === IPV6 ? 16 : 1 + first);
  }

  /** True once the answer is whole and good; a bad byte is refused as it comes. */
  #judge(): boolean {
    const [version = 0, code = 0, , type = 0] = this.#answer;
    const due = this.#stage === "login" ? LOGIN_VERSION : VERSION;
    if (version !== due) return this.#refuseAnswer(`its ${this.#stage} answer begins with 0x${version.toString(16)}`);
    if (this.#length < 2) return false;
    if (this.#stage === "method") return this.#judgeMethod(code);
    if (this.#stage === "login") return code === 0 || this.#refuseLogin(code);
    if (code !== 0) return this.#refuseReply(code);
    if (this.#length < 4) return false;
    if (type !== IPV4 && type !== IPV6 && type !== NAME) return this.#refuseAnswer(`address type ${type} is unknown`);
    return this.#length === this.#expected();
  }

  #judgeMethod(method: number): boolean {
    if (method === NO_AUTHENTICATION) return true;
    const { login } = this.#request;
    if (method === USER_AND_PASSWORD && login !== null) return true;
    if (method !== NO_ACCEPTABLE_METHOD) return this.#refuseAnswer(`it chose method ${method}, which was not offered`);
    const wanted = login === null ? "it wants a user name and password, or more" : "it takes no user name and password";
    return this.#refuse(
      "PROXY_AUTH_FAILED",
      `the proxy accepts no method of authentication that was offered: ${wanted}`,
    );
  }

  #refuseLogin(status: number): false {
    const detail = `the proxy does not accept the user name and password given (status ${status})`;
    return this.#refuse("PROXY_AUTH_FAILED", detail);
  }

  #refuseReply(status: number): false {
    const reason = REPLIES[status] ?? "unassigned";
    const detail = `the proxy answered with reply ${status} (${reason})`;
    this.outcome = { open: false, code: "PROXY_REFUSED", detail, status, reason };
    return false;
  }

  /** The answer was good: the next message is due. */
  #advance(): void {
    const [, method] = this.#answer;
    const { login } = this.#request;
    this.#length = 0;
    if (this.#stage === "method" && method === USER_AND_PASSWORD && login !== null) {
      const { user, password } = login;
      this.#stage = "login";
      this.message = Uint8Array.from([LOGIN_VERSION, user.length, ...user, password.length, ...password]);
      return;
    }
    this.#stage = "reply";
    const { hostname, port } = this.#request;
    this.message = Uint8Array.from([VERSION, CONNECT, 0, ...addressOf(hostname), port >> 8, port & 0xff]);
  }

  #refuseAnswer(detail: string): false {
    return this.#refuse("PROXY_BAD_ANSWER", `the proxy does not speak SOCKS5: ${detail}`);
  }

  #refuse(code: ProxyRefusal["code"], detail: string): false {
    this.outcome = { open: false, code, detail };
    return false;
  }
}

/** RFC 1928 section 5: type and address. */
function addressOf(hostname: string): readonly number[] {
  const literal = ipLiteral(hostname);
  if (literal !== null) return [literal.family === 4 ? IPV4 : IPV6, ...addressBytes(literal)];
  return [NAME, hostname.length, ...Buffer.from(hostname, "latin1")];
}

const VERSION = 5;
const CONNECT = 1;

/** RFC 1928 section 3. */
const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;
const NO_ACCEPTABLE_METHOD = 0xff;

/** RFC 1929 section 2. */
const LOGIN_VERSION = 1;

const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** Version, reply, reserved byte, type, port. */
const REPLY_AROUND_ADDRESS = 6;
const LONGEST_REPLY = 6 + 1 + 255;

/** RFC 1928 section 6. */
const REPLIES: readonly string[] = [
  "succeeded",
  "general SOCKS server failure",
  "connection not allowed by ruleset",
  "Network unreachable",
  "Host unreachable",
  "Connection refused",
  "TTL expired",
  "Command not supported",
  "Address type not supported",
];
