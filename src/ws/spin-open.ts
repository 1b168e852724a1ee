import { TimeoutError } from "../codec/errors.ts";
import { UpgradeResponseReader } from "../codec/ws/upgrade-response.ts";
import type { ConnectClock } from "../socket/connect-clock.ts";
import { spinConnect } from "../socket/spin-connect.ts";
import { scratchMemory } from "../socket/spin-memory.ts";
import { type SpinTarget, spinTarget, spinTargetNow } from "../socket/spin-target.ts";
import type { SpinTransport } from "../socket/spin-transport.ts";
import { SpinWait } from "../socket/spin-wait.ts";
import { HandshakeError } from "./errors.ts";
import { type OpenHandshake, prepareUpgrade, type Upgrade } from "./handshake.ts";
import { clockFor } from "./latency.ts";
import { type SpinWsOptions, type SpinWsSettings, spinWsSettings } from "./spin-options.ts";
import { SpinSession } from "./spin-session.ts";
import { TimedSpinSession } from "./spin-timed-session.ts";
import { shownUrl, wsTarget } from "./target.ts";

/** What a spin stream is made around. */
export interface SpinOpened {
  readonly session: SpinSession;
  readonly handshake: OpenHandshake;
}

/** Resolves the name with the event loop, then connects and opens while the thread waits. */
export async function spinOpen(url: string | URL, options: SpinWsOptions): Promise<SpinOpened> {
  const settings = spinWsSettings(options);
  const target = wsTarget(url);
  const upgrade = prepareUpgrade(target, settings.ws);
  const clock = clockFor(settings.ws.latency);
  clock?.enter(settings.ws.proxy === null ? "dns" : "proxy");
  return openAt(await spinTarget(target, settings.ws), upgrade, settings, clock);
}

/** The same for a URL that names an IP address. */
export function spinOpenNow(url: string | URL, options: SpinWsOptions): SpinOpened {
  const settings = spinWsSettings(options);
  const target = wsTarget(url);
  const upgrade = prepareUpgrade(target, settings.ws);
  return openAt(spinTargetNow(target, settings.ws), upgrade, settings, clockFor(settings.ws.latency));
}

function openAt(
  target: SpinTarget,
  upgrade: Upgrade,
  settings: SpinWsSettings,
  clock: ConnectClock | null,
): SpinOpened {
  const { ws, wait } = settings;
  clock?.enter(ws.proxy === null ? "tcp" : "proxy");
  const transport = spinConnect(target, clock === null ? ws : { ...ws, onPhase: clock.enter }, wait.timestamps);
  clock?.enter("handshake");
  try {
    const { session, handshake } = new SpinHandshake(transport, upgrade, settings).run(target.deadline);
    return { session, handshake: clock === null ? handshake : { ...handshake, connect: clock.end() } };
  } catch (error) {
    // A server that said no is left in order: RST would be an error there.
    if (error instanceof HandshakeError && error.code === "HANDSHAKE_REFUSED") transport.close();
    else transport.terminate();
    throw error;
  }
}

/** A client's opening handshake (RFC 6455 section 4.1). */
class SpinHandshake {
  readonly #transport: SpinTransport;
  readonly #upgrade: Upgrade;
  readonly #settings: SpinWsSettings;
  readonly #reader: UpgradeResponseReader;

  constructor(transport: SpinTransport, upgrade: Upgrade, settings: SpinWsSettings) {
    const { protocols, deflate } = settings.ws;
    this.#transport = transport;
    this.#upgrade = upgrade;
    this.#settings = settings;
    this.#reader = new UpgradeResponseReader({ accept: upgrade.accept, protocols, deflate: deflate?.terms ?? null });
  }

  run(deadline: number): SpinOpened {
    const transport = this.#transport;
    const { request } = this.#upgrade;
    const { bufferCapacity } = this.#settings.ws;
    const began = performance.now();
    // What follows the answer must find room in the ring.
    const scratch = scratchMemory(Math.min(bufferCapacity, LARGEST_READ));
    const wait = new SpinWait(this.#settings.wait);
    wait.begin();
    for (let sent = 0; ; ) {
      if (sent < request.length) sent += Math.max(0, transport.write(request, sent, request.length - sent));
      if (transport.owes) transport.flush();
      const count = transport.receive(scratch.address, scratch.bytes.length);
      if (count > 0) {
        const opened = this.#take(scratch.bytes.subarray(0, count));
        if (opened !== null) return opened;
      } else if (count < 0) throw this.#cut();
      else if (wait.rest(transport, sent < request.length, deadline) && wait.now >= deadline)
        throw this.#expired(wait.now - began);
    }
  }

  #take(chunk: Uint8Array): SpinOpened | null {
    const taken = this.#reader.read(chunk);
    const { outcome } = this.#reader;
    if (outcome === null) return null;
    if (!outcome.open) throw new HandshakeError(outcome);
    const { protocol, headers, deflate } = outcome;
    const Session = this.#settings.ws.latency === null ? SpinSession : TimedSpinSession;
    const session = new Session(this.#transport, this.#settings, deflate);
    if (session.reader.read(chunk, taken) > 0) session.received(performance.now());
    return { session, handshake: { url: this.#upgrade.url, protocol, headers, deflate } };
  }

  /** The connection ended, or nothing more is waited for. */
  #cut(): Error | null {
    const { fault } = this.#transport;
    this.#reader.eof();
    const { outcome } = this.#reader;
    return outcome === null || outcome.open
      ? fault
      : new HandshakeError(outcome, fault === null ? undefined : { cause: fault });
  }

  #expired(spent: number): Error | null {
    // Part of a refusal's body may be missing, but the status is known.
    if (this.#reader.refused) return this.#cut();
    const { connectTimeout } = this.#settings.ws;
    const message = `Cannot open WebSocket ${shownUrl(this.#upgrade.url)}: ${connectTimeout} ms ran out during handshake, ${Math.ceil(spent)} ms of them there`;
    return new TimeoutError("CONNECT_TIMEOUT", message, connectTimeout, "handshake");
  }
}

/** Bytes: as many as the head of an answer may have. */
const LARGEST_READ = 16 << 10;
