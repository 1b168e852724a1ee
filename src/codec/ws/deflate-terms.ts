import type { DeflateWindow } from "./deflate-engine.ts";
import type { WsExtension } from "./deflate-extension.ts";

/** How messages are compressed, from one end's point of view: wanted while it is negotiated, agreed once it was. */
export interface DeflateTerms {
  /** How this end compresses. */
  readonly own: DeflateWindow;
  /** How the peer does. */
  readonly peer: DeflateWindow;
}

/** What a server makes of a client's offers. */
export interface DeflateAnswer {
  readonly terms: DeflateTerms;
  /** The value of `Sec-WebSocket-Extensions` that says so. */
  readonly text: string;
}

/** The value of `Sec-WebSocket-Extensions` with which a client offers `wanted` (RFC 7692 section 7.1). */
export function deflateOffer({ own, peer }: DeflateTerms): string {
  let text = NAME;
  if (!peer.contextTakeover) text += `; ${SERVER_RESETS}`;
  if (!own.contextTakeover) text += `; ${CLIENT_RESETS}`;
  if (peer.windowBits < MOST_BITS) text += `; ${SERVER_BITS}=${peer.windowBits}`;
  // Also without a value it says that the server may ask for less.
  return `${text}; ${CLIENT_BITS}${own.windowBits < MOST_BITS ? `=${own.windowBits}` : ""}`;
}

/**
 * Judges what a server has chosen of {@link deflateOffer}: the terms, or a sentence that says why the connection must fail (RFC 7692
 * section 7.1).
 */
export function judgeDeflateAnswer(chosen: readonly WsExtension[], { own, peer }: DeflateTerms): DeflateTerms | string {
  const [extension, ...more] = chosen;
  if (extension?.name !== NAME || more.some(({ name }) => name !== NAME))
    return "an extension was chosen that was not offered";
  if (more.length > 0) return `${NAME} was chosen twice`;
  const read = parametersOf(extension);
  if (typeof read === "string") return read;
  if (read.clientBits === true) return `${CLIENT_BITS} has no value`;
  if (!peer.contextTakeover && !read.serverResets) return `${SERVER_RESETS} was asked for and not granted`;
  const serverBits = read.serverBits ?? MOST_BITS;
  const clientBits = read.clientBits ?? own.windowBits;
  if (serverBits > peer.windowBits) return over(SERVER_BITS, serverBits, peer.windowBits);
  if (clientBits > own.windowBits) return over(CLIENT_BITS, clientBits, own.windowBits);
  return {
    own: { windowBits: clientBits, contextTakeover: own.contextTakeover && !read.clientResets },
    peer: { windowBits: serverBits, contextTakeover: !read.serverResets },
  };
}

/**
 * What a server answers: to the first offer that it can grant within `wanted`; null where there is none, and then nothing is compressed. An
 * offer with a parameter that is unknown, repeated or has a bad value is passed over (RFC 7692 section 7).
 */
export function answerDeflateOffers(offers: readonly WsExtension[], { own, peer }: DeflateTerms): DeflateAnswer | null {
  for (const offer of offers) {
    const read = offer.name === NAME ? parametersOf(offer) : "";
    // A client that does not say it can limit its window cannot be asked to.
    if (typeof read === "string" || (read.clientBits === null && peer.windowBits < MOST_BITS)) continue;
    const ownBits = Math.min(own.windowBits, read.serverBits ?? MOST_BITS);
    const peerBits = Math.min(peer.windowBits, typeof read.clientBits === "number" ? read.clientBits : MOST_BITS);
    const terms: DeflateTerms = {
      own: { windowBits: ownBits, contextTakeover: own.contextTakeover && !read.serverResets },
      peer: { windowBits: peerBits, contextTakeover: peer.contextTakeover && !read.clientResets },
    };
    let text = NAME;
    if (!terms.own.contextTakeover) text += `; ${SERVER_RESETS}`;
    if (!terms.peer.contextTakeover) text += `; ${CLIENT_RESETS}`;
    if (ownBits < MOST_BITS || read.serverBits !== null) text += `; ${SERVER_BITS}=${ownBits}`;
    if (peerBits < MOST_BITS) text += `; ${CLIENT_BITS}=${peerBits}`;
    return { terms, text };
  }
  return null;
}

interface Parameters {
  serverResets: boolean;
  clientResets: boolean;
  serverBits: number | null;
  /** True where it stands without a value, which only an offer may. */
  clientBits: number | true | null;
}

/** The parameters, or what is wrong with them. */
function parametersOf({ parameters }: WsExtension): Parameters | string {
  const read: Parameters = { serverResets: false, clientResets: false, serverBits: null, clientBits: null };
  const seen = new Set<string>();
  for (const [name, value] of parameters) {
    if (seen.has(name)) return `${name} is given twice`;
    seen.add(name);
    if (name === SERVER_RESETS || name === CLIENT_RESETS) {
      if (value !== null) return `${name} has a value`;
      read[name === SERVER_RESETS ? "serverResets" : "clientResets"] = true;
    } else if (name === SERVER_BITS || name === CLIENT_BITS) {
      const valueless = name === CLIENT_BITS && value === null;
      if (!valueless && !BITS.test(value ?? "")) return `${name} is not 8 to 15`;
      if (name === SERVER_BITS) read.serverBits = Number(value);
      else read.clientBits = valueless ? true : Number(value);
    } else {
      return `${NAME} has no parameter ${JSON.stringify(name)}`;
    }
  }
  return read;
}

function over(name: string, chosen: number, offered: number): string {
  return `${name} is ${chosen} where ${offered} was offered`;
}

const NAME = "permessage-deflate";
const SERVER_RESETS = "server_no_context_takeover";
const CLIENT_RESETS = "client_no_context_takeover";
const SERVER_BITS = "server_max_window_bits";
const CLIENT_BITS = "client_max_window_bits";
/** What is meant where nothing is said. */
const MOST_BITS = 15;
/** A decimal number without leading zeros (RFC 7692 sections 7.1.2.1 and 7.1.2.2). */
const BITS = /^(?:[89]|1[0-5])$/;
