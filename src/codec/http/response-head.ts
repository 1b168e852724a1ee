import type { ProtocolFault } from "../errors.ts";
import { decodeLatin1 } from "../text.ts";
import { ZERO } from "./characters.ts";
import { type HeadLimits, HeadReader } from "./head.ts";
import { HeadTemplate } from "./head-template.ts";
import { BODY_TUNNEL, ResponseFraming } from "./response-framing.ts";
import { MINOR_AT, OTHER_VERSION, readStatus } from "./status-line.ts";

/**
 * The heads that answer one request: any number of interim ones, and the final one, which is judged (RFC 9110 section 15.2). Call
 * {@link read} with what has come; after an interim head call {@link pass}, and read on behind it.
 */
export class ResponseHead {
  fault: ProtocolFault | null = null;
  /** The numbers that belong to `fault`. */
  detail = "";
  /** Of the head under way, 0 while its status line is not whole. */
  status = 0;
  /** Interim heads passed. */
  informationals = 0;
  readonly fields: HeadReader;
  /** Of the final response. */
  framing: ResponseFraming = new ResponseFraming();

  private own: ResponseFraming = this.framing;
  private readonly template: HeadTemplate;
  /** Bytes of the final head before this one. */
  private lastSize = 0;
  private method = "";
  /** The method for which the template's framing was concluded last. */
  private concludedFor = "";
  private upgrade = false;

  constructor(limits: HeadLimits) {
    this.fields = new HeadReader(limits);
    this.template = new HeadTemplate(limits.maxHeaders);
  }

  /** Is ready for the answer to a request with `method`, which asks for another protocol where `upgrade`. */
  begin(method: string, upgrade: boolean): void {
    this.fault = null;
    this.status = 0;
    this.informationals = 0;
    this.fields.clear();
    this.method = method;
    this.upgrade = upgrade;
  }

  /** Reads on in the head at `start`: true once it is whole; false where bytes are missing or {@link fault} is set. */
  read(bytes: Uint8Array, words: Int32Array, start: number, tail: number): boolean {
    const { fields } = this;
    if (this.fault !== null) return false;
    if (start === 0 && fields.isFresh && this.template.matches(words, tail) && this.recall(bytes)) {
      // What answers the same method ends in the same way: that was concluded before.
      return this.concludedFor === this.method || this.conclude(bytes, start);
    }
    const whole = fields.read(bytes, start, tail, words);
    // Judged as soon as it is there: what does not speak HTTP/1.1 may never send a blank line.
    if (this.status === 0 && fields.startLineLength >= 0 && !this.readStatusLine(bytes, start)) return false;
    if (whole) return this.isInterim || this.judge(bytes, start);
    return fields.fault !== null && this.refuse(fields.fault, fields.detail);
  }

  /** The head that was read is not the final one. */
  get isInterim(): boolean {
    return this.status < 200 && this.status !== SWITCHING_PROTOCOLS;
  }

  /** Leaves an interim head behind; false where there were too many. */
  pass(): boolean {
    this.status = 0;
    this.fields.clear();
    this.informationals++;
    if (this.informationals <= MOST_INFORMATIONAL) return true;
    return this.refuse("HTTP_TOO_MANY_INFORMATIONAL", `over ${MOST_INFORMATIONAL}`);
  }

  private readStatusLine(bytes: Uint8Array, start: number): boolean {
    const length = this.fields.startLineLength;
    const status = readStatus(bytes, start, length);
    if (status >= 100) {
      this.status = status;
      return true;
    }
    const line = JSON.stringify(decodeLatin1(bytes, start, start + Math.min(length, LONGEST_SHOWN)));
    return this.refuse(status === OTHER_VERSION ? "HTTP_VERSION" : "HTTP_STATUS_LINE", line);
  }

  /** The head is laid out as one before; false where its length is no number after all. */
  private recall(bytes: Uint8Array): boolean {
    const { fields, template } = this;
    fields.adopt(template);
    this.framing = template.framing;
    this.status = template.status;
    if (this.framing.rescan(fields, bytes, 0)) return true;
    this.status = 0;
    fields.clear();
    return false;
  }

  private judge(bytes: Uint8Array, start: number): boolean {
    const { fields, own } = this;
    this.framing = own;
    own.scan(fields, bytes, start);
    if (!this.conclude(bytes, start)) return false;
    // Only a size that comes again is worth learning, and what rests on words must begin with one.
    if (fields.size === this.lastSize && start === 0 && own.kind !== BODY_TUNNEL) {
      this.own = this.template.learn(bytes, fields, own, this.status);
      if (this.own !== own) this.concludedFor = this.method;
    }
    this.lastSize = fields.size;
    return true;
  }

  private conclude(bytes: Uint8Array, start: number): boolean {
    const { status, method, framing } = this;
    const switching = status === SWITCHING_PROTOCOLS;
    if (switching && !this.upgrade) return this.refuse("HTTP_UPGRADE_UNEXPECTED", "");
    const tunnel = switching || (status < 300 && method === "CONNECT");
    const bodiless = status === NO_CONTENT || status === NOT_MODIFIED || method === "HEAD";
    framing.conclude(bytes[start + MINOR_AT]! - ZERO, bodiless, tunnel);
    if (framing.fault !== null) return this.refuse(framing.fault, framing.detail);
    if (framing === this.template.framing) this.concludedFor = method;
    return true;
  }

  private refuse(fault: ProtocolFault, detail: string): false {
    this.fault = fault;
    this.detail = detail;
    return false;
  }
}

const SWITCHING_PROTOCOLS = 101;
const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

/** Far more than any server sends; it bounds one that never comes to the point. */
const MOST_INFORMATIONAL = 64;
const LONGEST_SHOWN = 100;
