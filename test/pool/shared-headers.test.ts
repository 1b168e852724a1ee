import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type Board, newBoard } from "../../src/pool/shared-board.ts";
import {
  checkRoom,
  prefixCapacity,
  prefixVersion,
  publish,
  sharedWriter,
  withField,
} from "../../src/pool/shared-headers.ts";
import { thrownBy } from "./support.ts";

const PREFIX = { host: "example.com:81", basePath: "/api", fields: [] };

function board(): Board {
  const headersCapacity = prefixCapacity(PREFIX, 256);
  return newBoard({ slots: 1, requestCapacity: 256, responseCapacity: 256, headersCapacity, ownerThread: 0 });
}

function headOf(from: Board): string {
  const memory = from.requestBytes(from.newSlotMemory());
  return Buffer.from(sharedWriter(from, memory).writer.get("/x").finish().bytes()).toString("latin1");
}

describe("the headers on a board", () => {
  test("make the writer that the pool has", () => {
    const shared = board();
    publish(shared, {
      ...PREFIX,
      fields: [
        ["X-Key", "a: b"],
        ["X-Empty", ""],
        ["X-Latin", "é"],
      ],
    });
    expect(headOf(shared)).toBe(
      "GET /api/x HTTP/1.1\r\nHost: example.com:81\r\nX-Key: a: b\r\nX-Empty: \r\nX-Latin: é\r\n\r\n",
    );
    const version = prefixVersion(shared);
    publish(shared, { ...PREFIX, fields: [["Host", "other"]] });
    expect(prefixVersion(shared)).not.toBe(version);
    expect(headOf(shared)).toBe("GET /api/x HTTP/1.1\r\nHost: other\r\n\r\n");
  });

  test("are refused where no request could have them", () => {
    const shared = board();
    const large = { ...PREFIX, fields: [["X-Key", "x".repeat(300)]] as const };
    expect(thrownBy(() => checkRoom(shared, large)).message).toBe(
      "Cannot share default headers: they are 326 bytes where 280 fit a request",
    );
    publish(shared, PREFIX);
    expect(thrownBy(() => publish(shared, large)).code).toBe("REQUEST_TOO_LARGE");
    expect(headOf(shared)).toContain("Host: example.com:81");
  });

  test("are read whole while they change", async () => {
    const shared = board();
    publish(shared, PREFIX);
    const script = fileURLToPath(new URL("./children/headers-reader.ts", import.meta.url));
    const reader = new Worker(script, { workerData: shared.memory });
    let reads: { whole: number; torn: number } | null = null;
    reader.on("message", (told) => {
      reads = told;
    });
    for (let round = 0; reads === null; round++) {
      const value = String.fromCharCode(0x61 + (round % 26)).repeat(1 + (round % 50));
      for (let count = 0; count < 100; count++)
        publish(shared, {
          ...PREFIX,
          fields: [
            ["X-One", value],
            ["X-Two", value],
          ],
        });
      await Bun.sleep(0);
    }
    await reader.terminate();
    expect(reads as unknown).toEqual({ whole: 2_000, torn: 0 });
  });
});

describe("withField", () => {
  test("puts a field in place of all of its name", () => {
    const fields = [
      ["A", "1"],
      ["b", "2"],
      ["B", "3"],
      ["C", "4"],
    ] as const;
    expect(withField(fields, "B", "5")).toEqual([
      ["A", "1"],
      ["B", "5"],
      ["C", "4"],
    ]);
    expect(withField(fields, "D", "5")).toEqual([...fields, ["D", "5"]]);
  });
});
