import { type ProtocolError, TimeoutError } from "../codec/errors.ts";
import type { HeaderPairs } from "../codec/http/head.ts";
import type { RequestHead } from "../codec/http/request-head.ts";
import { RequestReader } from "../codec/http/request-reader.ts";
import { answerDeflateOffers } from "../codec/ws/deflate-terms.ts";
import { acceptanceFields, acceptanceText, invalid, refusalText } from "../codec/ws/upgrade-answer.ts";
import { foreignOrigin, judgeUpgrade, type UpgradeAsked, type UpgradeFault } from "../codec/ws/upgrade-judgement.ts";
import { AbortedError } from "../socket/errors.ts";
import type { Transport, TransportHandler } from "../socket/transport.ts";
import { acceptKey } from "./accept-key.ts";
import type { AcceptDecision, AcceptSettings, RefuseDecision, UpgradeDecision } from "./accept-options.ts";
import { HandshakeError } from "./errors.ts";
import { farewell } from "./farewell.ts";
import type { ShellOf } from "./open.ts";
import { headerPairs } from "./options.ts";
import { WsSession } from "./session.ts";

/**
 * A server's half of the opening handshake over a connected transport (RFC 6455 section 4.2). Resolves with what `shell` makes of the open
 * session; on any failure the peer is told by an HTTP status, where it can be, and the transport ended.
 */
export function acceptTransport<T>(transport: Transport, settings: AcceptSettings, shell: ShellOf<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  new Acceptance(transport, settings, shell, resolve, reject).start();
  return promise;
}

class Acceptance<T> implements TransportHandler {
  readonly #transport: Transport;
  readonly #settings: AcceptSettings;
  readonly #shell: ShellOf<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #reader: RequestReader;
  readonly #timer: ReturnType<typeof setTimeout>;
  #request: RequestHead | null = null;
  /** What came behind the request while the program decides. */
  readonly #behind: Uint8Array[] = [];
  #behindLength = 0;
  #received = 0;
  #settled = false;

  constructor(
    transport: Transport,
    settings: AcceptSettings,
    shell: ShellOf<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    const { handshakeTimeout, maxHeadSize, maxHeaders } = settings;
    this.#reader = new RequestReader({ maxHeadSize, maxHeaders });
    this.#transport = transport;
    this.#settings = settings;
    this.#shell = shell;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(this.#expire, handshakeTimeout);
  }

  start(): void {
    const { signal } = this.#settings.session;
    if (signal?.aborted) {
      this.#abort();
      return;
    }
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#transport.attach(this);
    // It was over before, and another was told.
    if (this.#transport.closed) this.#cut(null);
  }

  onBytes(chunk: Uint8Array): void {
    if (this.#settled) return;
    if (this.#request !== null) {
      this.#hold(chunk);
      return;
    }
    this.#received += chunk.length;
    const taken = this.#reader.read(chunk);
    const { failure } = this.#reader;
    const request = this.#reader.next();
    if (failure !== null) this.#refuseMalformed(failure);
    else if (request !== null) this.#judge(request, chunk.subarray(taken));
  }

  onDrain(): void {}

  onEnd(): void {
    this.#cut(null);
  }

  onClose(error: Error | null): void {
    this.#cut(error);
  }

  #judge(request: RequestHead, rest: Uint8Array): void {
    this.#request = request;
    if (rest.length > 0) this.#hold(rest);
    const asked = judgeUpgrade(request);
    if (!asked.ok) {
      this.#refuseFault(asked);
      return;
    }
    try {
      if (!this.#settings.letsIn(asked.origin)) {
        this.#refuseFault(foreignOrigin(asked.origin));
        return;
      }
      const decision = this.#settings.onUpgrade?.(request);
      if (isPending(decision)) this.#await(decision, asked);
      else this.#obey(decision, asked);
    } catch (error) {
      this.#break(error);
    }
  }

  async #await(decision: Promise<UpgradeDecision>, asked: UpgradeAsked): Promise<void> {
    try {
      this.#obey(await decision, asked);
    } catch (error) {
      this.#break(error);
    }
  }

  #obey(decision: UpgradeDecision, asked: UpgradeAsked): void {
    if (this.#settled) return;
    if (decision !== undefined && (typeof decision !== "object" || decision === null)) {
      throw invalid(`onUpgrade decided ${JSON.stringify(decision)}`);
    }
    if (decision?.status !== undefined) this.#refuseAsDecided(decision);
    else this.#open(asked, decision ?? {});
  }

  #open(asked: UpgradeAsked, decision: AcceptDecision): void {
    const { protocols, headers, session: settings } = this.#settings;
    const protocol = decision.protocol ?? asked.protocols.find((offered) => protocols.includes(offered)) ?? "";
    if (protocol !== "" && !asked.protocols.includes(protocol)) {
      throw invalid(`subprotocol ${JSON.stringify(protocol)} was not offered`);
    }
    const { deflate } = settings;
    const answered = deflate && answerDeflateOffers(asked.extensions, deflate.terms);
    const fields = acceptanceFields({
      accept: acceptKey(asked.key),
      protocol,
      extensions: answered?.text ?? "",
      headers: [...headers, ...headerPairs(decision.headers)],
    });
    const transport = this.#transport;
    const url = `${transport.secure ? "wss" : "ws"}://${asked.authority}${this.#request?.target}`;
    this.#settle();
    try {
      const session = new WsSession(transport, "server", settings, answered?.terms ?? null);
      session.outbox.raw(Buffer.from(acceptanceText(fields), "latin1"));
      if (this.#behindLength > MOST_BEHIND) transport.resume();
      this.#resolve(
        this.#shell(
          session,
          { url, protocol, headers: fields, deflate: answered?.terms ?? null },
          joined(this.#behind),
        ),
      );
    } catch (error) {
      transport.terminate();
      this.#reject(error);
    }
  }

  #refuseAsDecided({ status, headers, body = "" }: RefuseDecision): void {
    const fields = headerPairs(headers);
    this.#refuse("HANDSHAKE_REFUSED", status, "onUpgrade refused it", fields, body);
  }

  #refuseFault({ code, status, reason, headers }: UpgradeFault): void {
    this.#refuse(code, status, reason, headers, `${reason}\n`);
  }

  #refuseMalformed(failure: ProtocolError): void {
    const status = STATUSES[failure.code] ?? 400;
    const reason = `${failure.code}: ${failure.message}`;
    this.#refuse("HANDSHAKE_MALFORMED", status, reason, [], `${failure.message}\n`, failure);
  }

  #refuse(code: string, status: number, reason: string, fields: HeaderPairs, body: string, cause?: Error): void {
    const bytes = answer(status, fields, body);
    const outcome = { open: false, code, reason: `${reason} (answered ${status})`, status } as const;
    const error = new HandshakeError(
      { ...outcome, headers: this.#fields, body: "" },
      cause === undefined ? undefined : { cause },
      "accept",
    );
    this.#fail(error, bytes);
  }

  /** The program's own fault: it threw, or decided what cannot be done. */
  #break(error: unknown): void {
    if (this.#settled) return;
    this.#fail(error, answer(500, [], ""));
  }

  #cut(cause: Error | null): void {
    if (this.#settled) return;
    const where = this.#request === null ? `after ${this.#received} bytes of the request` : "before it was answered";
    const reason = `the connection ended ${where}`;
    const outcome = { open: false, code: "HANDSHAKE_CUT", reason, status: 0, headers: this.#fields, body: "" } as const;
    this.#fail(new HandshakeError(outcome, cause === null ? undefined : { cause }, "accept"), null);
  }

  readonly #expire = (): void => {
    const { handshakeTimeout } = this.#settings;
    const where =
      this.#request === null ? `after ${this.#received} bytes of the request` : "before onUpgrade had decided";
    const message = `Cannot accept WebSocket: ${handshakeTimeout} ms ran out ${where}`;
    const status = this.#request === null ? 408 : 503;
    this.#fail(new TimeoutError("ACCEPT_TIMEOUT", message, handshakeTimeout, "handshake"), answer(status, [], ""));
  };

  readonly #abort = (): void => {
    const message = "Cannot accept WebSocket: aborted during handshake";
    const error = new AbortedError(message, "handshake", this.#settings.session.signal?.reason);
    this.#fail(error, answer(503, [], ""));
  };

  /** Ends it: with an answer where there is one. */
  #fail(error: unknown, bytes: Uint8Array | null): void {
    this.#settle();
    if (bytes === null) this.#transport.terminate();
    else farewell(this.#transport, bytes);
    this.#reject(error);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#settings.session.signal?.removeEventListener("abort", this.#abort);
  }

  #hold(chunk: Uint8Array): void {
    this.#behind.push(chunk);
    this.#behindLength += chunk.length;
    if (this.#behindLength > MOST_BEHIND) this.#transport.pause();
  }

  get #fields(): HeaderPairs {
    return this.#request?.headers ?? [];
  }
}

/** Whoever's promise it is: one that was not waited for would let everyone in. */
function isPending(decision: UpgradeDecision | Promise<UpgradeDecision>): decision is Promise<UpgradeDecision> {
  return typeof (decision as { readonly then?: unknown } | null | undefined)?.then === "function";
}

/** A refusal as it goes on the wire. */
function answer(status: number, fields: HeaderPairs, body: string): Uint8Array {
  const text = Buffer.from(body);
  return Buffer.concat([Buffer.from(refusalText(status, fields, text.length), "latin1"), text]);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first, ...more] = chunks;
  return first !== undefined && more.length === 0 ? first : Buffer.concat(chunks);
}

/** What is other than 400 among the faults of a head. */
const STATUSES: Readonly<Partial<Record<ProtocolError["code"], number>>> = {
  HTTP_HEAD_TOO_LARGE: 431,
  HTTP_TOO_MANY_HEADERS: 431,
  HTTP_VERSION: 505,
};

/** No well-behaved client sends anything before it is answered. */
const MOST_BEHIND = 64 << 10;
