/** Payload lengths of the JSON rows, in bytes: a quote, an order update, a book of fourteen levels a side. */
export const JSON_SIZES = { quote: 77, order: 148, book: 676 } as const;

/** What {@link marketPayload} draws from. */
interface Draws {
  below(bound: number): number;
}

/**
 * Market data as a venue sends it, in JSON of exactly `length` bytes, which is one of {@link JSON_SIZES}: all fields have a fixed width. `u`, a
 * whole number below 2^30, is the one whose sum the benches hold against what was sent.
 */
export function marketPayload(random: Draws, length: number): Uint8Array {
  const update = 10_000_000 + random.below(90_000_000);
  if (length === JSON_SIZES.quote) return encoder.encode(quote(random, 100_000_000 + update));
  if (length === JSON_SIZES.order) return encoder.encode(order(random, 100_000_000 + update));
  if (length === JSON_SIZES.book) return encoder.encode(book(random, update));
  throw new RangeError(`Cannot make market data of ${length} bytes: the sizes are 77, 148 and 676`);
}

/** The sum of `u` over `count` messages, of which `payloads` are repeated, in 32 bits. */
export function updateSum(payloads: readonly Uint8Array[], count: number): number {
  const updates = payloads.map((payload) => (JSON.parse(decoder.decode(payload)) as { u: number }).u);
  let sum = 0;
  for (let i = 0; i < count; i++) sum = (sum + (updates[i % updates.length] ?? 0)) | 0;
  return sum;
}

function quote(random: Draws, update: number): string {
  const side = (): string => `35${digits(random, 2)}.${digits(random, 1)}`;
  const amount = (): string => `${digits(random, 1)}.${digits(random, 2)}`;
  return `{"s":"ETHUSDT","u":${update},"b":"${side()}","B":"${amount()}","a":"${side()}","A":"${amount()}"}`;
}

function order(random: Draws, update: number): string {
  const status = random.below(2) === 0 ? "FILLED" : "OPENED";
  const side = random.below(2) === 0 ? "BID" : "ASK";
  const time = 1_730_000_000_000 + random.below(1_000_000_000);
  return (
    `{"e":"order","E":${time},"u":${update},"s":"BTCUSDT-PERP","c":"mm-${digits(random, 8)}",` +
    `"S":"${side}","X":"${status}","p":"${price(random)}","q":"${quantity(random)}","z":"${quantity(random)}"}`
  );
}

function book(random: Draws, update: number): string {
  const side = (): string =>
    Array.from({ length: LEVELS }, () => `["${price(random)}","${quantity(random)}"]`).join(",");
  return `{"u":${update},"bids":[${side()}],"asks":[${side()}]}`;
}

function price(random: Draws): string {
  return `67${digits(random, 3)}.${digits(random, 2)}`;
}

function quantity(random: Draws): string {
  return `${digits(random, 1)}.${digits(random, 5)}`;
}

function digits(random: Draws, count: number): string {
  return String(random.below(10 ** count)).padStart(count, "0");
}

const LEVELS = 14;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
