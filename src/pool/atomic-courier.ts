import { Request } from "../codec/http/request.ts";
import type { Response } from "../codec/http/response.ts";
import { notReusable, RequestError } from "../http/errors.ts";
import type { SendOptions } from "../http/options.ts";
import type { Pipe } from "./pipe.ts";
import type { Exchange } from "./shared-exchange.ts";
import { GONE } from "./shared-holder.ts";
import type { Ledger } from "./shared-ledger.ts";

/** Sends, on the owner's thread, what the holder of one slot asks for. */
export class Courier {
  readonly #pipe: Pipe;
  readonly #exchange: Exchange;
  readonly #ledger: Ledger;
  /** Over the slot's shared bytes. */
  readonly #request: Request;
  #abort: AbortController | null = null;

  constructor(pipe: Pipe, exchange: Exchange, ledger: Ledger) {
    this.#pipe = pipe;
    this.#exchange = exchange;
    this.#ledger = ledger;
    this.#request = new Request(exchange.request);
  }

  /** Looks whether something is asked, or given up. */
  look(): void {
    const word = this.#ledger.takeUp(this.#pipe.index);
    if (word !== GONE) void this.#carry(word);
    else if (this.#abort !== null && this.#exchange.isGivenUp) this.#abort.abort();
  }

  async #carry(word: number): Promise<void> {
    const { index } = this.#pipe;
    const exchange = this.#exchange;
    const ledger = this.#ledger;
    try {
      const response = await this.#send();
      // Nobody waits where the holder gave the slot back: it may be another's by now.
      if (ledger.isAwaited(index, word)) exchange.putResponse(response);
    } catch (error) {
      if (ledger.isAwaited(index, word)) exchange.putError(error);
    }
    ledger.answer(index, word);
  }

  #send(): Promise<Response> {
    const { connection, reader } = this.#pipe;
    const exchange = this.#exchange;
    const timeout = exchange.timeLeft;
    exchange.takeRequest(this.#request);
    if (connection === null) throw notReusable("closed", null);
    if (timeout !== null && timeout <= 0) {
      throw new RequestError("REQUEST_TIMEOUT", "Cannot finish request: its time ran out", "not-sent", 0);
    }
    this.#pipe.take();
    return connection.send(this.#request, reader, this.#options(timeout));
  }

  #options(timeout: number | null): SendOptions {
    this.#abort = null;
    if (!this.#exchange.isAbortable) return timeout === null ? PLAIN : { timeout };
    this.#abort = new AbortController();
    if (this.#exchange.isGivenUp) this.#abort.abort();
    const { signal } = this.#abort;
    return timeout === null ? { signal } : { timeout, signal };
  }
}

const PLAIN: SendOptions = {};
