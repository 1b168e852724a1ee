import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { Watch } from "../../src/pool/atomic-watch.ts";
import { newBoard } from "../../src/pool/shared-board.ts";
import { numberOf } from "../../src/pool/shared-part.ts";
import { thrownBy } from "./support.ts";

const SIZES = { slots: 1, requestCapacity: 8, responseCapacity: 8, headersCapacity: 8, ownerThread: 0 };

/** As the Workers of both kinds: what they say, and which thread they are. */
class WebWorker extends EventTarget {
  readonly threadId: number;

  constructor(threadId: number) {
    super();
    this.threadId = threadId;
  }

  end(): void {
    this.dispatchEvent(new Event("close"));
  }
}

class NodeWorker extends EventEmitter {
  readonly threadId: number;

  constructor(threadId: number) {
    super();
    this.threadId = threadId;
  }

  end(): void {
    this.emit("exit", 0);
  }
}

describe.each([WebWorker, NodeWorker])("Watch", (Kind) => {
  test("gives each Worker a number, and takes it away when it ends, before that is told", () => {
    const board = newBoard(SIZES);
    const ended: (number | null)[] = [];
    const watch = new Watch(board, (number) => ended.push(number, numberOf(board, 11)));
    const [first, second] = [new Kind(11), new Kind(0)];
    for (const worker of [first, second, first]) watch.add(worker);
    expect([numberOf(board, 11), numberOf(board, 0), numberOf(board, 12)]).toEqual([2, 3, null]);
    first.end();
    first.end();
    expect(ended).toEqual([2, null]);
    watch.add(new Kind(12));
    expect([numberOf(board, 12), numberOf(board, 0)]).toEqual([2, 3]);
  });

  test("hears nothing more once it stops", () => {
    const board = newBoard(SIZES);
    let ended = 0;
    const watch = new Watch(board, () => {
      ended++;
    });
    const worker = new Kind(5);
    watch.add(worker);
    watch.stop();
    worker.end();
    expect([ended, numberOf(board, 5)]).toEqual([0, null]);
  });

  test("has 254 numbers, and none for a Worker that has ended", () => {
    const board = newBoard(SIZES);
    const watch = new Watch(board, () => {});
    expect(thrownBy(() => watch.add(new Kind(-1))).code).toBe("POOL_WORKER_UNWATCHED");
    for (let thread = 0; thread < 254; thread++) watch.add(new Kind(thread));
    const error = thrownBy(() => watch.add(new Kind(254)));
    expect(error.code).toBe("POOL_TOO_MANY_WORKERS");
    expect(error.message).toBe("Cannot watch Worker: 254 are watched, which is the most");
    expect([numberOf(board, 0), numberOf(board, 253)]).toEqual([2, 255]);
  });
});
