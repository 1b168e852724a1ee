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
  /**
   * How often in a round its contenders take turns; what counts is the best turn of each. More than once where a target is judged by it: the
   * machine's slow times last for seconds or minutes, and turns that lie far apart are not all in one.
   */
  readonly turns: number;
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

/** In the order in which they take turns. Together a round of them takes twenty minutes where nothing else runs, and up to thirty in a slow hour. */
export const PARTS: readonly Part[] = [
  part("micro/frame-reading", measureOperations, { turns: 2 }),
  part("micro/http", measureOperations, { mostRounds: 3 }),
  part("micro/http/write post of 6 fields, read 15", measureOperations, { mostRounds: 3, turns: 8 }),
  part("micro/encoding", measureOperations, { mostRounds: 3 }),
  part("micro/mask", measureOperations, { mostRounds: 3 }),
  part("micro/utf8", measureOperations, { mostRounds: 3 }),
  part("micro/handshake", measureOperations, { mostRounds: 3 }),
  part("micro/deflate", measureOperations, { mostRounds: 3 }),
  part("json/", withServer(measureJson), { mostRounds: 3, messages: 300_000 }),
  part("receive/tcp/40", withServer(measureReceiving)),
  part("receive/tcp/128", withServer(measureReceiving)),
  part("receive/tcp/512", withServer(measureReceiving)),
  part("receive/tls/40", withServer(measureReceiving)),
  part("receive/tls/128", withServer(measureReceiving)),
  part("receive/tls/512", withServer(measureReceiving)),
  part("series/size", withServer(measureSeries), { mostRounds: 3, messages: 500_000 }),
  part("series/connections", withServer(measureSeries), { mostRounds: 3, messages: 1_000_000 }),
  part("series/count", withServer(measureSeries), { mostRounds: 3, messages: 1_000_000 }),
  part("echo/tcp", measureEchoes),
  part("echo/tls/apart", measureEchoes),
  part("accept/receive/40", measureAccepting, { mostRounds: 5 }),
  part("accept/receive/512", measureAccepting, { mostRounds: 5 }),
  part("accept/echo", measureAccepting, { mostRounds: 5 }),
  part("deflate/", measureDeflate, { mostRounds: 3, messages: 600_000 }),
  part("http/get/tcp/apart", measureRequests, { roundTrips: 12_000 }),
  part("http/get/tcp/together", measureRequests, { roundTrips: 60_000 }),
  part("http/get/tls/apart", measureRequests, { roundTrips: 12_000 }),
  part("http/post/tcp/apart", measureRequests, { roundTrips: 12_000 }),
  part("http/post/tcp/together", measureRequests, { roundTrips: 60_000 }),
  part("http/post/tls/apart", measureRequests, { roundTrips: 12_000 }),
  part("pool/acquire", measurePools, { turns: 6 }),
  part("pool/requests/at-once/apart", measurePools),
  part("pool/requests/at-once/together", measurePools, { roundTrips: 40_000 }),
  part("pool/requests/after-1-ms/apart", measurePools, { roundTrips: 20_000 }),
  part("pool/requests/after-1-ms/together", measurePools),
  part("pool/hand-over", measurePools, { mostRounds: 3 }),
  part("pool/reconnect", measurePools, { mostRounds: 3 }),
  part("pool/stopped", measurePools, { mostRounds: 3 }),
  part("spin/receive/tcp", measureSpinning),
  part("spin/receive/tls", measureSpinning),
  part("spin/echo/tcp", measureSpinning, { roundTrips: 20_000, turns: 3 }),
  part("spin/echo/tls", measureSpinning, { roundTrips: 20_000 }),
  part("spin/requests", measureSpinning, { roundTrips: 20_000 }),
  part("spin/allocations", measureSpinning, { roundTrips: 20_000 }),
  part("memory/requests", measureRequestAllocations, { mostRounds: 3, messages: 50_000 }),
  part("memory/", withServer(measureMemory), { mostRounds: 3, messages: 9_000_000 }),
];

/** Each part as often as it takes turns, its turns as far apart as the round is long. */
export function inTurns(parts: readonly Part[]): readonly Part[] {
  const turns = parts.flatMap((part, index) =>
    Array.from({ length: part.turns }, (_, turn) => ({
      part,
      at: (index + (turn * parts.length) / part.turns) % parts.length,
    })),
  );
  return turns.sort((a, b) => a.at - b.at).map(({ part }) => part);
}

function part(name: string, measure: Measure, given: Partial<Sizes & Pick<Part, "mostRounds" | "turns">> = {}): Part {
  const { mostRounds = Number.POSITIVE_INFINITY, turns = 1, ...sizes } = given;
  return { name, mostRounds, turns, inQuick: !SLOW_TO_START.includes(name), sizes: { ...SIZES, ...sizes }, measure };
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
