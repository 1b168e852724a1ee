/** What is known of an order after it was sent. */
export type Outcome =
  /** The exchange has it. */
  | { readonly kind: "acknowledged"; readonly orderId: number }
  /** The exchange refused it. */
  | { readonly kind: "rejected"; readonly why: string }
  /**
   * It was sent, or a part of it, and there is no answer that says what became of it. Where that was asked for afterwards, `found` is the
   * order's number, or null where the exchange does not have it.
   */
  | { readonly kind: "unknown"; readonly why: string; readonly found?: number | null };

/** An order in the exchange's own log. */
export interface LoggedOrder {
  readonly orderId: number;
  readonly clientOrderId: string;
}

/** What the exchange's log says of the orders of a run. */
export interface Reconciliation {
  /** How many of them are in the log. */
  readonly logged: number;
  /** How many of the unknown ones are, and how many are not. */
  readonly unknownPlaced: number;
  readonly unknownNotPlaced: number;
  /** What contradicts the answers, in words. */
  readonly problems: readonly string[];
}

/** Compares the outcomes of a run, by `clientOrderId`, with the log; orders in it that do not begin with `prefix` are another's. */
export function reconcile(
  outcomes: ReadonlyMap<string, Outcome>,
  log: readonly LoggedOrder[],
  prefix: string,
): Reconciliation {
  const problems: string[] = [];
  const logged = new Map<string, number>();
  for (const { clientOrderId, orderId } of log) {
    if (!clientOrderId.startsWith(prefix)) continue;
    const before = logged.get(clientOrderId);
    if (before !== undefined) problems.push(`${clientOrderId} is in the log twice, as order ${before} and ${orderId}`);
    logged.set(clientOrderId, orderId);
    if (!outcomes.has(clientOrderId)) problems.push(`${clientOrderId} is in the log and was never sent`);
  }
  let unknownPlaced = 0;
  let unknownNotPlaced = 0;
  for (const [clientOrderId, outcome] of outcomes) {
    const orderId = logged.get(clientOrderId);
    if (outcome.kind === "unknown") {
      if (orderId === undefined) unknownNotPlaced++;
      else unknownPlaced++;
      const { found } = outcome;
      if (found !== undefined && found !== (orderId ?? null)) {
        problems.push(`${clientOrderId} was looked up as ${named(found)} and is ${named(orderId ?? null)} in the log`);
      }
    } else if (outcome.kind === "rejected") {
      if (orderId !== undefined) problems.push(`${clientOrderId} was rejected and is in the log (${outcome.why})`);
    } else if (orderId === undefined) {
      problems.push(`${clientOrderId} was acknowledged as order ${outcome.orderId} and is not in the log`);
    } else if (orderId !== outcome.orderId) {
      problems.push(`${clientOrderId} was acknowledged as order ${outcome.orderId} and is order ${orderId} in the log`);
    }
  }
  return { logged: logged.size, unknownPlaced, unknownNotPlaced, problems };
}

function named(orderId: number | null): string {
  return orderId === null ? "no order" : `order ${orderId}`;
}
