import { TlsConfig, WsConnection } from "../../index.ts";
import type { Quote } from "./quote.ts";

/** Connects to a venue of the exchange's kind and hands its best bids and asks over as quotes: those that arrived together, together. */
export async function openVenue(
  venue: string,
  url: string,
  ca: string,
  symbols: readonly string[],
  publish: (quotes: readonly Quote[]) => void,
): Promise<WsConnection> {
  const streams = symbols.map((symbol) => `${symbol.toLowerCase()}@bookTicker`).join("/");
  let quotes: Quote[] = [];
  const handlers = {
    message(_ws: WsConnection, msg: { kind: string; json(): unknown }): void {
      if (msg.kind !== "text") return;
      const { data } = msg.json() as { data?: { s: string; u: number; b: string; a: string } };
      if (data === undefined) return;
      quotes.push({ venue, symbol: data.s, bid: data.b, ask: data.a, id: data.u, at: performance.now() });
    },
    batch(): void {
      const together = quotes;
      quotes = [];
      publish(together);
    },
    error: (_ws: WsConnection, error: unknown): void => console.error(`${venue}:`, error),
  };
  return WsConnection.connect(`${url}?streams=${streams}`, handlers, { tls: new TlsConfig({ ca }) });
}
