/**
 * Many venues in, one stream out: reads the quotes of several exchanges, and serves them in one shape to local subscribers through a
 * server of our own. A subscriber that is slow costs nobody but itself. `--help` tells the rest.
 *
 *     bun examples/fan-in.ts --venues 3 --fast 100 --seconds 10
 */
import type { WsConnection } from "../index.ts";
import { ExchangeProcess } from "./exchange-process.ts";
import { Hub } from "./fan-in/hub.ts";
import { type FanInOptions, readOptions, USAGE } from "./fan-in/options.ts";
import { type Pace, Subscriber } from "./fan-in/subscriber.ts";
import { problemsOf, summaryLines } from "./fan-in/summary.ts";
import { openVenue } from "./fan-in/venue-stream.ts";
import { onInterrupt } from "./interrupt.ts";

async function main(): Promise<number> {
  let options: FanInOptions | null;
  try {
    options = readOptions(Bun.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  return fanIn(options);
}

async function fanIn({ venues, rate, symbols, fast, slow, stuck, seconds, cutAfter }: FanInOptions): Promise<number> {
  await using hub = new Hub({ cutAfter });
  await using stack = new AsyncDisposableStack();
  const paces: Pace[] = [...Array(fast).fill("fast"), ...Array(slow).fill("slow"), ...Array(stuck).fill("stuck")];
  const subscribers = await Promise.all(
    paces.map((pace, index) => Subscriber.connect(hub.url, `${pace}-${index + 1}`, pace)),
  );

  let published = 0;
  const publish: Parameters<typeof openVenue>[4] = (quotes) => {
    published += quotes.length;
    hub.publish(quotes);
  };
  const streams: WsConnection[] = [];
  for (let index = 0; index < venues; index++) {
    const args = ["--symbols", symbols.join(","), "--rate", String(rate), "--seed", String(index + 1)];
    const exchange = stack.use(await ExchangeProcess.start(args, []));
    streams.push(await openVenue(`venue-${index + 1}`, exchange.url, exchange.ca, symbols, publish));
  }
  console.log(
    `fan-in  ${venues} venues of ${symbols.length} symbols to ${subscribers.length} subscribers at ${hub.url}`,
  );

  const started = performance.now();
  const over = Promise.withResolvers<void>();
  const stopListening = onInterrupt(() => over.resolve());
  await Promise.race([Bun.sleep(seconds * 1_000), over.promise]);
  for (const stream of streams) {
    stream.close(1000);
    await stream.closed;
  }
  const took = (performance.now() - started) / 1_000;

  // What was published is on its way: a slow subscriber reads on until it has the newest of everything.
  for (const subscriber of subscribers) if (subscriber.pace !== "stuck") subscriber.catchUp();
  const patience = performance.now() + 10_000;
  while (problemsOf(hub, published, subscribers).length > 0 && performance.now() < patience) await Bun.sleep(20);
  stopListening();

  const problems = problemsOf(hub, published, subscribers);
  console.log(summaryLines(hub, published, subscribers, took).join("\n"));
  console.log(problems.length === 0 ? "verdict    as it should be" : problems.slice(0, 10).join("\n"));
  await Promise.all(subscribers.map((subscriber) => subscriber.leave()));
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
