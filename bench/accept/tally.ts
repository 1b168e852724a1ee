import { Stopwatch } from "../contenders/contender.ts";
import type { Tally } from "./task.ts";

/** Counts what a connection receives, from {@link begin} on, or else from its first message on. */
export class Counting {
  messages = 0;
  bytes = 0;
  #stopwatch: Stopwatch | null = null;

  begin(): void {
    this.#stopwatch = new Stopwatch();
  }

  add(length: number): void {
    this.#stopwatch ??= new Stopwatch();
    this.messages++;
    this.bytes += length;
  }

  /** What came up to now, as JSON. */
  tell(messages: number | null = this.messages): string {
    const { wall, cpu } = (this.#stopwatch ?? new Stopwatch()).stop();
    const tally: Tally = { messages, bytes: this.bytes, wall, cpu };
    return JSON.stringify(tally);
  }
}

/** Says where the server listens, and ends it with its standard input. */
export async function announce(port: number): Promise<never> {
  console.log(JSON.stringify({ port }));
  for await (const _ of Bun.stdin.stream()) {
    // The parent's end of the pipe closes when the run is over, however it ended.
  }
  process.exit(0);
}
