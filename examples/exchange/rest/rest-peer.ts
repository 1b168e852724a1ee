import type { Answer } from "../answer.ts";
import { JSON_TYPE, renderHead, unknownAnswer, venueAnswer } from "../answer.ts";
import type { HttpRequest } from "../request-parser.ts";
import { listsToken } from "../request-parser.ts";
import type { Wire } from "../wire.ts";
import type { RestApi } from "./api.ts";
import { encodeBody } from "./body-form.ts";
import type { CutFault, RequestFaults, RestFaultPlan } from "./faults.ts";

/** The server's end of a keep-alive connection: one request at a time, answered by a {@link RestApi}, and the faults. */
export class RestPeer {
  readonly #api: RestApi;
  readonly #wire: Wire;
  readonly #address: string;
  readonly #faults: RestFaultPlan;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #idleTimer: ReturnType<typeof setTimeout> | null = null;
  #isEnded = false;

  constructor(api: RestApi, wire: Wire, address: string, faults: RestFaultPlan) {
    this.#api = api;
    this.#wire = wire;
    this.#address = address;
    this.#faults = faults;
  }

  /** Whether the connection ends, so that nothing more may be answered on it. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Bytes came: the connection is not idle. */
  wake(): void {
    clearTimeout(this.#idleTimer ?? undefined);
  }

  /** Acts on a request and answers it; `done` is called when the next one may follow. */
  answer(request: HttpRequest, done: () => void): void {
    this.wake();
    const faults = this.#faults.next();
    const { cut, failure, unknown } = faults;
    if (cut?.when === "before") {
      this.#cut(cut);
      return;
    }
    this.#sendInterim();
    // What fails has no effect; what is cut or unknown has one that the client is not told of.
    const answer = failure === null ? this.#api.answer(request, this.#address, Date.now()) : venueAnswer(failure);
    if (cut !== null) {
      this.#cut(cut);
      return;
    }
    const told = unknown === null ? answer : unknownAnswer(unknown);
    this.#later(this.#faults.form("rest-delay"), () => this.#send(told, request, faults, done));
  }

  /** Stops every timer: the socket is gone, or nothing more is to be sent on it. */
  release(): void {
    this.#isEnded = true;
    clearTimeout(this.#idleTimer ?? undefined);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #send({ status, headers, body }: Answer, request: HttpRequest, faults: RequestFaults, done: () => void): void {
    const form = encodeBody(body, request, this.#faults);
    const truncated = faults.truncatedTo ?? Number.POSITIVE_INFINITY;
    const isCut = truncated < form.bytes.length;
    const closes = faults.closes || form.endsWithConnection || listsToken(request, "connection", "close");
    const keepAlive = this.#faults.form("rest-keep-alive");
    const head = renderHead(status, {
      Date: new Date().toUTCString(),
      "Content-Type": JSON_TYPE,
      ...headers,
      ...form.headers,
      Connection: closes ? "close" : "keep-alive",
      ...(keepAlive === null || closes ? {} : { "Keep-Alive": `timeout=${keepAlive}` }),
    });
    this.#wire.out.append(Buffer.from(head));
    const bytes = request.method === "HEAD" ? NOTHING : form.bytes.subarray(0, truncated);
    this.#sendBody(bytes, 0, () => {
      if (closes || isCut) this.#finish();
      else this.#settle(faults.stray, done);
    });
  }

  /** All at once, or in portions with a pause between them. */
  #sendBody(bytes: Uint8Array, start: number, sent: () => void): void {
    const pause = this.#faults.form("rest-slow");
    const end = pause === null ? bytes.length : start + Math.max(1, Math.ceil(bytes.length / PORTIONS));
    this.#wire.out.append(bytes.subarray(start, end));
    if (end < bytes.length) {
      this.#wire.flush();
      this.#later(pause, () => this.#sendBody(bytes, end, sent));
    } else sent();
  }

  /** The answer is written: the connection is idle until the next request. */
  #settle(stray: number | null, done: () => void): void {
    if (stray === 0) this.#wire.out.append(STRAY_ANSWER);
    this.#wire.flush();
    if (stray !== null && stray > 0) {
      this.#later(stray, () => {
        this.#wire.out.append(STRAY_ANSWER);
        this.#wire.flush();
      });
    }
    const keepAlive = this.#faults.form("rest-keep-alive");
    const idle = this.#faults.form("rest-idle") ?? (keepAlive === null ? null : keepAlive * 1_000);
    if (idle !== null) this.#idleTimer = setTimeout(() => this.#finish(), idle);
    done();
  }

  #sendInterim(): void {
    const status = this.#faults.form("rest-interim");
    if (status === null) return;
    for (const each of status === 0 ? [100, 103] : [status]) {
      const link = "</api/v3/time>; rel=preload";
      this.#wire.out.append(Buffer.from(renderHead(each, each === 103 ? { Link: link } : {})));
    }
    this.#wire.flush();
  }

  #cut({ kind }: CutFault): void {
    if (kind === "rest-fin") this.#finish();
    else {
      this.release();
      this.#wire.cut();
    }
  }

  #finish(): void {
    this.release();
    this.#wire.finish();
  }

  #later(milliseconds: number | null, act: () => void): void {
    if (milliseconds === null) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, milliseconds);
    this.#timers.add(timer);
  }
}

/** How many portions a slow body comes in. */
const PORTIONS = 16;
const NOTHING: Uint8Array = new Uint8Array(0);
const STRAY_BODY = '{"unsolicited":true}';
const STRAY_ANSWER: Uint8Array = Buffer.from(
  `${renderHead(200, { "Content-Type": JSON_TYPE, "Content-Length": `${STRAY_BODY.length}` })}${STRAY_BODY}`,
);
