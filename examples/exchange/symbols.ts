/** How one symbol is quoted. Prices are counted in ticks of 10^−priceDecimals, quantities in lots of 10^−lotDecimals. */
export interface SymbolSpec {
  /** Upper case, as in the events: `BTCUSDT`. */
  readonly name: string;
  /** Where the market starts, in ticks. */
  readonly startPrice: number;
  readonly priceDecimals: number;
  readonly lotDecimals: number;
}

/** The symbols the exchange lists when none are named. */
export const DEFAULT_SYMBOLS: readonly string[] = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT"];

/** The specification of a symbol: the known ones as on a real venue, any other derived from its name. */
export function symbolSpec(name: string): SymbolSpec {
  const known = KNOWN_SYMBOLS[name];
  if (known !== undefined) return { name, ...known };
  return { name, startPrice: 5_000 + (nameHash(name) % 50_000), priceDecimals: 2, lotDecimals: 3 };
}

/** A stable number for a name (FNV-1a), so that each symbol's market has a seed of its own. */
export function nameHash(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

const KNOWN_SYMBOLS: Readonly<Record<string, Omit<SymbolSpec, "name">>> = {
  BTCUSDT: { startPrice: 671_250, priceDecimals: 1, lotDecimals: 5 },
  ETHUSDT: { startPrice: 351_842, priceDecimals: 2, lotDecimals: 4 },
  SOLUSDT: { startPrice: 14_973, priceDecimals: 2, lotDecimals: 3 },
  BNBUSDT: { startPrice: 58_931, priceDecimals: 2, lotDecimals: 3 },
  XRPUSDT: { startPrice: 52_480, priceDecimals: 5, lotDecimals: 1 },
  ADAUSDT: { startPrice: 43_215, priceDecimals: 5, lotDecimals: 1 },
  DOGEUSDT: { startPrice: 15_871, priceDecimals: 5, lotDecimals: 0 },
};
