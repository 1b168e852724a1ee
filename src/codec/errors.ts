/**
 * The base of every error this library throws.
 *
 * `code` is stable across releases and is what a program tests; `message` is for people and carries the
 * sizes and limits; `cause` keeps what lay beneath. Each code has a heading in `docs/errors.md`.
 */
export class NexusError extends Error {
  /** Stable, upper case, prefixed by the layer that raises it: `WS_INVALID_UTF8`, `CONNECT_REFUSED`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A limit in time ran out. `timeout` is the limit in milliseconds, `phase` where the work stood. */
export class TimeoutError extends NexusError {
  readonly timeout: number;
  /** What was under way: `dns`, `tcp`, `proxy`, `tls`, `handshake`, `request`, `open`, `close`, `acquire`. */
  readonly phase: string;

  constructor(code: string, message: string, timeout: number, phase: string, options?: ErrorOptions) {
    super(code, message, options);
    this.timeout = timeout;
    this.phase = phase;
  }
}

/** The caller used the library against its contract: a wrong argument, or a call in a state that forbids it. */
export class UsageError extends NexusError {}

/**
 * One row per thing a peer can do wrong on an open WebSocket or in an HTTP/1.1 head or body:
 * the close code that goes on the wire (RFC 6455 section 7.4.1; 0 where the protocol has none) and a sentence.
 */
export const PROTOCOL_FAULTS = {
  WS_RESERVED_BITS: { closeCode: 1002, sentence: "reserved bits are set without an extension" },
  WS_RESERVED_OPCODE: { closeCode: 1002, sentence: "the opcode is reserved" },
  WS_MASKED_FRAME: { closeCode: 1002, sentence: "a server must not mask its frames" },
  WS_UNMASKED_FRAME: { closeCode: 1002, sentence: "a client must mask its frames" },
  WS_LENGTH_NOT_MINIMAL: { closeCode: 1002, sentence: "the payload length is not in its shortest form" },
  WS_LENGTH_TOO_LARGE: { closeCode: 1002, sentence: "the most significant bit of a 64-bit length is set" },
  WS_CONTROL_FRAGMENTED: { closeCode: 1002, sentence: "a control frame must not be fragmented" },
  WS_CONTROL_TOO_LONG: { closeCode: 1002, sentence: "a control frame carries at most 125 bytes" },
  WS_CONTINUATION_UNEXPECTED: { closeCode: 1002, sentence: "a continuation frame came with no message to continue" },
  WS_CONTINUATION_EXPECTED: { closeCode: 1002, sentence: "a new message began before the fragmented one ended" },
  WS_CLOSE_PAYLOAD: { closeCode: 1002, sentence: "a close payload is empty or at least two bytes" },
  WS_CLOSE_CODE: { closeCode: 1002, sentence: "the close code must not stand in a close frame" },
  WS_INVALID_UTF8: { closeCode: 1007, sentence: "text is not valid UTF-8" },
  WS_DEFLATE_CORRUPT: { closeCode: 1007, sentence: "the compressed message cannot be inflated" },
  WS_FRAME_TOO_LARGE: { closeCode: 1009, sentence: "the frame is over maxFrameSize" },
  WS_MESSAGE_TOO_LARGE: { closeCode: 1009, sentence: "the message is over maxMessageSize" },
  HTTP_HEAD_TOO_LARGE: { closeCode: 0, sentence: "the head is over its limit" },
  HTTP_TOO_MANY_HEADERS: { closeCode: 0, sentence: "the head has more field lines than maxHeaders" },
  HTTP_BARE_LF: { closeCode: 0, sentence: "a line of the head ends in LF without CR" },
  HTTP_BARE_CR: { closeCode: 0, sentence: "a CR stands within a line of the head" },
  HTTP_CONTROL_CHARACTER: { closeCode: 0, sentence: "a control character stands in the head" },
  HTTP_OBSOLETE_FOLD: { closeCode: 0, sentence: "a field line is folded" },
  HTTP_HEADER_NAME: { closeCode: 0, sentence: "a field name is not a token followed by a colon" },
  HTTP_STATUS_LINE: { closeCode: 0, sentence: "the status line is malformed" },
  HTTP_REQUEST_LINE: { closeCode: 0, sentence: "the request line is malformed" },
  HTTP_VERSION: { closeCode: 0, sentence: "the version is neither HTTP/1.0 nor HTTP/1.1" },
  HTTP_CONTENT_LENGTH: { closeCode: 0, sentence: "the Content-Length is not a number below 2^53" },
  HTTP_CONTENT_LENGTH_CONFLICT: { closeCode: 0, sentence: "the Content-Length is given twice with different values" },
  HTTP_TRANSFER_ENCODING: { closeCode: 0, sentence: "the Transfer-Encoding is not chunked alone" },
  HTTP_FRAMING_CONFLICT: { closeCode: 0, sentence: "both Content-Length and Transfer-Encoding are given" },
  HTTP_CHUNK_SIZE: { closeCode: 0, sentence: "a chunk's size is not a hexadecimal number below 2^53" },
  HTTP_CHUNK_EXTENSION: { closeCode: 0, sentence: "chunk extensions are malformed or over their limit" },
  HTTP_CHUNK_END: { closeCode: 0, sentence: "a chunk's data is not followed by CRLF" },
  HTTP_BODY_TOO_LARGE: { closeCode: 0, sentence: "the body is over maxBodySize" },
  HTTP_CONTENT_CODING: { closeCode: 0, sentence: "the body's content coding cannot be undone" },
  HTTP_TOO_MANY_INFORMATIONAL: { closeCode: 0, sentence: "too many 1xx responses came before the final one" },
  HTTP_UPGRADE_UNEXPECTED: { closeCode: 0, sentence: "the protocol was switched without being asked" },
  HTTP_RESPONSE_UNEXPECTED: { closeCode: 0, sentence: "bytes came while no request was in flight" },
  HTTP_TRUNCATED: { closeCode: 0, sentence: "the connection ended before the response was whole" },
} as const;

/** The codes of {@link ProtocolError}. */
export type ProtocolFault = keyof typeof PROTOCOL_FAULTS;

/**
 * The peer broke the protocol. Inside the codec it is a value (`reader.failure`); it is thrown only at the edge.
 * `closeCode` is what the connection sends for it, 0 where the protocol knows none.
 */
export class ProtocolError extends NexusError {
  declare readonly code: ProtocolFault;
  readonly closeCode: number;
  /** Whose doing it was; the codec judges only what arrived, so it is the peer's. */
  readonly fault = "peer" as const;

  constructor(code: ProtocolFault, detail: string, options?: ErrorOptions) {
    super(
      code,
      detail === ""
        ? `Cannot read: ${PROTOCOL_FAULTS[code].sentence}`
        : `Cannot read: ${PROTOCOL_FAULTS[code].sentence}: ${detail}`,
      options,
    );
    this.closeCode = PROTOCOL_FAULTS[code].closeCode;
  }
}
