/** How the talk with a proxy ended: with a tunnel, whose first bytes `rest` may be, or without one. */
export type ProxyOutcome = { readonly open: true; readonly rest: Uint8Array } | ProxyRefusal;

/** Why there is no tunnel. */
export interface ProxyRefusal {
  readonly open: false;
  readonly code: "PROXY_REFUSED" | "PROXY_AUTH_FAILED" | "PROXY_BAD_ANSWER" | "PROXY_CUT";
  /** The end of a sentence that begins with what was tried. */
  readonly detail: string;
  readonly status?: number;
  readonly reason?: string;
  readonly body?: string;
}

/** One side of the talk with a proxy, without its socket: bytes in, bytes out, an outcome. */
export interface ProxyDialogue {
  /** What is to be sent now: another array with each turn. */
  readonly message: Uint8Array;
  /** Null while the talk goes on. */
  readonly outcome: ProxyOutcome | null;
  /** It is known that there will be no tunnel, but not yet all of the reason. */
  readonly refused: boolean;
  /** Takes in what the proxy said; after the outcome nothing is to be handed in. */
  read(chunk: Uint8Array): void;
  /** No more will come. */
  eof(): void;
}
