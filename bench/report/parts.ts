import { measureAccepting } from "../accept.ts";
import { measureDeflate } from "../deflate.ts";
import { measureEchoes } from "../echo.ts";
import { measureRequestAllocations, measureRequests } from "../http.ts";
import { measureJson } from "../json.ts";
import { measureMemory } from "../memory.ts";
import { measureOperations } from "../micro.ts";
import type { BenchOptions } from "../options.ts";
import { measurePools } from "../pool.ts";
import { type ServerProcess, startServer } from "../processes.ts";
import { measureReceiving } from "../receive.ts";
import type { Figure } from "../result.ts";
import { measureSeries } from "../series.ts";
import { measureSpinning } from "../spin/measure.ts";

/** Cases that are measured one after the other, once a round. */
export interface Part {
  /** What the names of its cases begin with. */
  readonly name: string;
  readonly mostRounds: number;
  /** Whether a quick run has it too. */
  readonly inQuick: boolean;
  /** How much of it there is in a round that counts. */
  readonly sizes: Sizes;
  readonly measure: Measure;
}

export type Sizes = Pick<BenchOptions, "messages" | "roundTrips" | "microTime">;

type Measure = (
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
) => Promise<void>;

/** Sizes for a look. */
export const QUICK: Sizes = { messages: 30_000, roundTrips: 300, microTime: 20 };

const SIZES: Sizes = { messages: 3_000_000, roundTrips: 5_000, microTime: 300 };

/** Groups of operations whose preparation takes longer than their measurement. */
const SLOW_TO_START = ["micro/encoding", "micro/mask", "micro/utf8", "micro/handshake", "micro/deflate"];

/** In the order in which they take turns. Together a round of them takes a quarter of an hour where nothing else runs. */
export const PARTS: readonly Part[] = [
  part("micro/frame-reading", measureOperations),
  part("micro/http", measureOperations, 3),
  part("micro/encoding", measureOperations, 3),
  part("micro/mask", measureOperations, 3),
  part("micro/utf8", measureOperations, 3),
  part("micro/handshake", measureOperations, 3),
  part("micro/deflate", measureOperations, 3),
  part("json/", withServer(measureJson), 3, { messages: 300_000 }),
  part("receive/tcp", withServer(measureReceiving)),
  part("receive/tls", withServer(measureReceiving)),
  part("series/size", withServer(measureSeries), 3, { messages: 500_000 }),
  part("series/connections", withServer(measureSeries), 3, { messages: 1_000_000 }),
  part("series/count", withServer(measureSeries), 3, { messages: 1_000_000 }),
  part("echo/tcp", measureEchoes),
  part("echo/tls/apart", measureEchoes),
  part("accept/", measureAccepting, 5),
  part("deflate/", measureDeflate, 3, { messages: 600_000 }),
  part("http/get/tcp", measureRequests, Number.POSITIVE_INFINITY, { roundTrips: 20_000 }),
  part("http/get/tls/apart", measureRequests, Number.POSITIVE_INFINITY, { roundTrips: 20_000 }),
  part("http/post/tcp", measureRequests, Number.POSITIVE_INFINITY, { roundTrips: 20_000 }),
  part("http/post/tls/apart", measureRequests, Number.POSITIVE_INFINITY, { roundTrips: 20_000 }),
  part("pool/acquire", measurePools),
  part("pool/requests", measurePools),
  part("pool/hand-over", measurePools, 3),
  part("pool/reconnect", measurePools, 3),
  part("pool/stopped", measurePools, 1),
  part("spin/", measureSpinning, Number.POSITIVE_INFINITY, { roundTrips: 20_000 }),
  part("memory/requests", measureRequestAllocations, 3, { messages: 50_000 }),
  part("memory/", withServer(measureMemory), 3, { messages: 9_000_000 }),
];

function part(name: string, measure: Measure, mostRounds = Number.POSITIVE_INFINITY, sizes: Partial<Sizes> = {}): Part {
  return { name, mostRounds, inQuick: !SLOW_TO_START.includes(name), sizes: { ...SIZES, ...sizes }, measure };
}

function withServer(
  measure: (
    server: ServerProcess,
    options: BenchOptions,
    record: (figure: Figure) => void,
    progress: (text: string) => void,
  ) => Promise<void>,
): Measure {
  return async (options, record, progress) => {
    using server = await startServer(options.serverCpu);
    await measure(server, options, record, progress);
  };
}
