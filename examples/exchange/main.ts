/**
 * The exchange as a process of its own: prints one line of JSON once it listens, and ends when its standard input
 * closes (so it never outlives the program that started it), or on SIGTERM.
 *
 *     bun examples/exchange/main.ts --tls --seed 7 --rate 5000 --fault gap@20
 */
import { parseArgs } from "node:util";
import { FAULT_FORMS, parseFault } from "./faults.ts";
import type { ExchangeOptions } from "./options.ts";
import { TEST_ED25519_KEY, TEST_HMAC_KEY } from "./rest/keys.ts";
import { EXCHANGE_CA, type Exchange, startExchange } from "./server.ts";

const USAGE = `Usage: bun examples/exchange/main.ts [options]

  --hostname ADDRESS    listen here (127.0.0.1)
  --port N              0 takes a free one (0)
  --tls                 serve wss:// with the TEST certificate of examples/exchange/tls
  --seed N              the same seed gives the same market (1)
  --rate N              trades and quotes a second, over all symbols (1000)
  --symbols A,B         upper-case names (BTCUSDT,ETHUSDT,SOLUSDT,BNBUSDT)
  --ping-interval MS    between two pings (20000)
  --pong-deadline MS    from a ping to the cut (60000)
  --max-age MS          how long a connection may last (86400000)
  --message-limit N     frames a client may send in a second (5)
  --connect-limit N     connections an address may open in five minutes (300)
  --weight-limit N      weight an address may use in a minute (6000)
  --order-limit N       orders a key may place in ten seconds (100)
  --fault FAULT         what goes wrong on every connection; may be given again. FAULT is one of
                        ${FAULT_FORMS.join("\n                        ")}`;

async function main(): Promise<void> {
  let exchange: Exchange;
  try {
    const options = readOptions(Bun.argv.slice(2));
    if (options === null) {
      console.log(USAGE);
      return;
    }
    exchange = await startExchange(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(`\n${USAGE}`);
    process.exitCode = 2;
    return;
  }

  const end = async (): Promise<void> => {
    await exchange.stop();
    process.exit(0);
  };
  process.stdin.on("end", end).on("error", end).resume();
  process.on("SIGTERM", end);
  // Ctrl-C reaches the whole foreground group. One who was started by a program leaves it to that program to end it.
  process.on("SIGINT", () => {
    if (process.stdin.isTTY) void end();
  });

  const { url, restUrl, settings } = exchange;
  const { seed, rate, symbols } = settings;
  const ca = settings.tls ? EXCHANGE_CA : null;
  const keys = { hmac: TEST_HMAC_KEY, ed25519: TEST_ED25519_KEY };
  console.log(
    JSON.stringify({ ws: `${url}/ws`, stream: `${url}/stream`, rest: restUrl, ca, seed, rate, symbols, keys }),
  );
}

/** Null where the usage was asked for. */
function readOptions(args: string[]): ExchangeOptions | null {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", short: "h" },
      hostname: { type: "string" },
      port: { type: "string" },
      tls: { type: "boolean" },
      seed: { type: "string" },
      rate: { type: "string" },
      symbols: { type: "string" },
      "ping-interval": { type: "string" },
      "pong-deadline": { type: "string" },
      "max-age": { type: "string" },
      "message-limit": { type: "string" },
      "connect-limit": { type: "string" },
      "weight-limit": { type: "string" },
      "order-limit": { type: "string" },
      fault: { type: "string", multiple: true },
    },
  });
  if (values.help) return null;
  const given = {
    hostname: values.hostname,
    port: number(values.port),
    tls: values.tls,
    seed: number(values.seed),
    rate: number(values.rate),
    symbols: values.symbols?.split(","),
    pingInterval: number(values["ping-interval"]),
    pongDeadline: number(values["pong-deadline"]),
    maxAge: number(values["max-age"]),
    messageLimit: number(values["message-limit"]),
    connectLimit: number(values["connect-limit"]),
    weightLimit: number(values["weight-limit"]),
    orderLimit: number(values["order-limit"]),
    faults: values.fault?.map(parseFault),
  };
  // An option left out is absent, not undefined.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ExchangeOptions;
}

/** Text that is no number becomes NaN, which the exchange refuses by name. */
function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

await main();
