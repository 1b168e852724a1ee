/**
 * Live order books: top of book, trades and depth of several symbols on one `wss://` connection, the full books started from
 * snapshots over `https://`. Every message is checked for loss, and at the end every book is compared with the exchange's.
 * `bun run demo` runs it against the exchange of `examples/exchange`; `--help` tells the rest.
 */
import { HandshakeError, NexusError, TlsConfig, WsConnection } from "../index.ts";
import { ExchangeProcess } from "./exchange-process.ts";
import { onInterrupt } from "./interrupt.ts";
import type { VenueMessage } from "./market-data/events.ts";
import { MarketFeed } from "./market-data/market-feed.ts";
import { type DemoOptions, readOptions, USAGE } from "./market-data/options.ts";
import { choosePaint } from "./market-data/paint.ts";
import { Screen } from "./market-data/screen.ts";
import { SnapshotSource } from "./market-data/snapshot-source.ts";
import { progressLine, summaryLines } from "./market-data/summary.ts";
import { Table } from "./market-data/table.ts";

async function main(): Promise<number> {
  let options: DemoOptions | null;
  try {
    options = readOptions(Bun.argv.slice(2));
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  try {
    await using exchange = options.url === null ? await startExchange(options) : null;
    return await watch(options, options.url ?? exchange?.url ?? "", options.ca ?? exchange?.ca ?? null);
  } catch (error) {
    if (!(error instanceof NexusError)) throw error;
    // What the library throws says all there is to say: what could not be done, where it stood, and with which numbers.
    console.error(`${error.code}: ${error.message}`);
    if (error instanceof HandshakeError) console.error(error.body);
    return 1;
  }
}

function startExchange({ rate, seed, symbols, faults }: DemoOptions): Promise<ExchangeProcess> {
  const args = ["--rate", `${rate}`, "--seed", `${seed}`, "--symbols", symbols.join(",")];
  return ExchangeProcess.start(args, faults);
}

/** Subscribes, shows what comes until the time is up, and returns the exit code. */
async function watch(options: DemoOptions, streamUrl: string, ca: string | null): Promise<number> {
  const url = new URL(streamUrl);
  url.searchParams.set("timeUnit", "MICROSECOND");

  // Certificates are read and checked here, once; connections only share the result.
  const tls = ca === null ? new TlsConfig() : new TlsConfig({ ca });
  const feed = new MarketFeed(options.symbols, (symbol) => snapshots.want(symbol));
  // The diffs go on coming meanwhile: a book buffers them, and takes the snapshot when it is there.
  using snapshots = new SnapshotSource(
    options.restUrl ?? restOrigin(url),
    { tls, connectTimeout: 5_000 },
    {
      take: (symbol, snapshot) => feed.receiveSnapshot(symbol, snapshot),
      fail: (text) => feed.report(`snapshots: ${text}`),
    },
  );
  const end = Promise.withResolvers<void>();
  let isLeaving = false;
  const ws = await WsConnection.connect(
    url,
    {
      // Runs inside the socket's callback. `msg` is borrowed: json() reads it out of the receive buffer.
      message(_, msg) {
        const arrival = microsecondsOfDay();
        if (msg.kind === "text") feed.receive(msg.json() as VenueMessage, arrival);
        else if (msg.kind === "pong") feed.roundTrip = arrival - Number(msg.text());
      },
      error(_, error) {
        feed.report(`connection: ${messageOf(error)}`);
      },
      close(_, code, reason) {
        if (!isLeaving) feed.report(`connection: ended early with ${code} ${reason}`.trimEnd());
        isLeaving = true;
        end.resolve();
      },
    },
    {
      tls,
      connectTimeout: 5_000,
      closeTimeout: 2_000,
      // A burst waits in the kernel instead of slowing the exchange down; a dead peer is noticed after 25 s.
      socket: { noDelay: true, recvBufferSize: 4 << 20, keepAlive: { idle: 10, interval: 5, count: 3 } },
    },
  );
  // All streams in one message: venues count them.
  ws.sendText(JSON.stringify({ method: "SUBSCRIBE", params: feed.streams, id: 1 }));

  const begin = performance.now();
  feed.latencyFrom = microsecondsOfDay() + Math.min(1, options.seconds / 2) * 1_000_000;
  const elapsed = (): number => performance.now() - begin;
  const paint = choosePaint(process.stdout.isTTY, process.env);
  const timeIsUp = setTimeout(end.resolve, options.seconds * 1_000);
  // Our own ping, answered by the exchange's program; the answer also gives TCP a fresh round trip to measure.
  const pings = setInterval(() => ws.sendPing(Buffer.from(`${microsecondsOfDay()}`)), 1_000);
  const stopListening = onInterrupt(end.resolve);
  const stopShowing = options.isPlain || !process.stdout.isTTY ? showLines() : showTable();
  await end.promise;
  clearTimeout(timeIsUp);
  feed.latencyUntil = microsecondsOfDay();
  const isLive = (): boolean => !isLeaving && !feed.isSilent(microsecondsOfDay());
  if (isLive()) feed.beginProofs();
  const deadline = elapsed() + PROOF_TIME;
  while (isLive() && !snapshots.isGivenUp && !feed.areProofsMade && elapsed() < deadline) await Bun.sleep(10);
  clearInterval(pings);
  stopShowing();
  const duration = elapsed();
  const finishTime = microsecondsOfDay();

  // The closing handshake; without effect where the exchange was first.
  isLeaving = true;
  ws.close(1000);
  await ws.closed;
  stopListening();
  feed.finish(finishTime);
  console.log();
  console.log(summaryLines(feed, duration, paint).join("\n"));
  return feed.problemCount === 0 ? 0 : 1;

  function showLines(): () => void {
    console.log(`market data  ${url.origin}${url.pathname}  ${options.symbols.join(" ")}`);
    const timer = setInterval(() => console.log(progressLine(feed, elapsed())), 1_000);
    return () => clearInterval(timer);
  }

  function showTable(): () => void {
    const table = new Table(paint);
    const screen = new Screen(() => process.stdout.rows ?? 24);
    const draw = (): void => {
      const view = { feed, url: `${url.origin}${url.pathname}`, seconds: options.seconds };
      screen.draw(table.lines({ ...view, elapsed: elapsed(), socket: ws.socketInfo() }));
    };
    const timer = setInterval(draw, 100);
    return () => {
      clearInterval(timer);
      draw();
      screen[Symbol.dispose]();
    };
  }
}

/** A venue may have its snapshots elsewhere; the exchange of examples/exchange has them on the same port. */
function restOrigin({ protocol, host }: URL): string {
  return `${protocol === "wss:" ? "https" : "http"}://${host}`;
}

/** Comparable between the processes of one machine; between machines as good as their clocks. */
function microsecondsOfDay(): number {
  return (performance.timeOrigin + performance.now()) * 1_000;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How long the books may take to be compared, in milliseconds. */
const PROOF_TIME = 5_000;

process.exitCode = await main();
