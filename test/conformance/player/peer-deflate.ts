import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { Role } from "../../../src/codec/ws/opcode.ts";
import type { DeflateAgreement } from "../vectors/vector.ts";

/**
 * permessage-deflate as RFC 7692 section 7.2 tells it, one call of zlib a message: what came before is handed in as a dictionary. Nothing here
 * is of the library.
 */
export class PeerDeflate {
  readonly #sending: Way;
  readonly #receiving: Way;

  /** `peer` is the role of the end that this is. */
  constructor(peer: Role, agreement: DeflateAgreement) {
    const server = new Way(agreement.serverMaxWindowBits, !agreement.serverNoContextTakeover);
    const client = new Way(agreement.clientMaxWindowBits, !agreement.clientNoContextTakeover);
    this.#sending = peer === "server" ? server : client;
    this.#receiving = peer === "server" ? client : server;
  }

  compress(payload: Uint8Array, level: number): Uint8Array {
    const way = this.#sending;
    // Zlib cannot compress with a window of 256 bytes; with one of 512 it does not refer back over 250.
    const options = { ...FLUSHED, ...way.dictionary, level, windowBits: Math.max(9, way.bits) };
    const compressed = deflateRawSync(payload, options);
    way.keep(payload);
    return compressed.subarray(0, compressed.length - TAIL.length);
  }

  /** Throws where it is not DEFLATE, or refers back beyond the window. */
  inflate(payload: Uint8Array): Uint8Array {
    const way = this.#receiving;
    const inflated = inflateRawSync(Buffer.concat([payload, TAIL]), {
      ...FLUSHED,
      ...way.dictionary,
      windowBits: way.bits,
    });
    way.keep(inflated);
    return inflated;
  }
}

class Way {
  readonly bits: number;
  readonly #takeover: boolean;
  #window: Buffer = Buffer.alloc(0);

  constructor(bits: number, takeover: boolean) {
    this.bits = bits;
    this.#takeover = takeover;
  }

  get dictionary(): { dictionary?: Buffer } {
    return this.#window.length === 0 ? {} : { dictionary: this.#window };
  }

  keep(message: Uint8Array): void {
    if (!this.#takeover) return;
    const size = 1 << this.bits;
    this.#window = Buffer.concat([this.#window, message.subarray(-size)]).subarray(-size);
  }
}

/** The value of `Sec-WebSocket-Extensions` in the peer's half of the handshake. */
export function extensionField(program: Role, agreement: DeflateAgreement): string {
  const { wantedBy, serverNoContextTakeover, clientNoContextTakeover } = agreement;
  const { serverMaxWindowBits, clientMaxWindowBits } = agreement;
  const offer = program === "server";
  // A client that wants nothing says only that it could limit its window.
  if (offer && wantedBy === "program") return "permessage-deflate; client_max_window_bits";
  let field = "permessage-deflate";
  if (serverNoContextTakeover) field += "; server_no_context_takeover";
  if (clientNoContextTakeover) field += "; client_no_context_takeover";
  if (serverMaxWindowBits < 15) field += `; server_max_window_bits=${serverMaxWindowBits}`;
  if (clientMaxWindowBits < 15) field += `; client_max_window_bits=${clientMaxWindowBits}`;
  return field;
}

/** What is wrong with the program's half, or null. */
export function extensionFault(program: Role, field: string, agreement: DeflateAgreement): string | null {
  const [name, ...parameters] = field.split(";").map((part) => part.trim());
  const said = new Map(parameters.map((parameter) => parameter.split("=") as [string, string | undefined]));
  const bits = (key: string): number => Number(said.get(key) ?? 15);
  const { wantedBy, serverNoContextTakeover, clientNoContextTakeover } = agreement;
  const { serverMaxWindowBits, clientMaxWindowBits } = agreement;
  const plain = program === "client" && wantedBy === "peer";
  const right =
    name === "permessage-deflate" &&
    said.has("server_no_context_takeover") === (!plain && serverNoContextTakeover) &&
    said.has("client_no_context_takeover") === (!plain && clientNoContextTakeover) &&
    bits("server_max_window_bits") === (plain ? 15 : serverMaxWindowBits) &&
    bits("client_max_window_bits") === (plain ? 15 : clientMaxWindowBits);
  return right ? null : `extension ${field}`;
}

const FLUSHED = { finishFlush: constants.Z_SYNC_FLUSH } as const;
/** What the sender leaves out (section 7.2.1). */
const TAIL: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff);
