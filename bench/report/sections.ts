import type { Figure } from "../result.ts";
import { type TableLayout, tableAcross, tablePerGroup } from "./tables.ts";

/** A section of the page. Its losses and targets are those whose names begin with one of `prefixes`. */
export interface Section {
  readonly title: string;
  readonly prefixes: readonly string[];
  readonly text: string;
  /** What the tables do not hold, for a reader who looks for it. */
  readonly notMeasured: string;
  readonly chart: string | null;
  tables(figures: readonly Figure[]): TableLayout[];
}

export const SECTIONS: readonly Section[] = [
  {
    title: "In-memory parse",
    prefixes: ["micro/"],
    text: "Operations of the codec under mitata, no socket: frames are fed in chunks of 256 KiB, copied into the ring and walked. Nanoseconds for a message or a call. The yardstick is a loop that touches nothing of the library, and is there to compare runs by.",
    notMeasured:
      "other parsers: `ws` and Bun have none that can be fed alone in the same way; the figures of the Rust system are of another machine.",
    chart: null,
    tables: (figures) => tablePerGroup(figures, "micro/"),
  },
  {
    title: "JSON rows",
    prefixes: ["json/"],
    text: "Text frames over loopback TCP, each of which becomes an object: a quote of 77 bytes, an order update of 148, a book of 676. `msg.json()` in the handler, `JSON.parse` elsewhere; a field of every object is added up and checked. The limit counts bytes and parses nothing.",
    notMeasured: "TLS, and undici's WebSocket.",
    chart: "json",
    tables: (figures) => [
      ...tableAcross(figures, "json/", "ns/message"),
      ...tableAcross(figures, "json/", "CPU ns/message"),
    ],
  },
  {
    title: "Loopback TCP and TLS",
    prefixes: ["receive/"],
    text: "Binary messages of 40, 128 and 512 bytes as fast as the server sends them. Contenders count messages and bytes; what they count is held against what was sent. Where CPU time is well below the clock's, the contender waited.",
    notMeasured: "a network: all of it is loopback.",
    chart: "receive",
    tables: (figures) => [
      ...tableAcross(figures, "receive/tcp/", "ns/message"),
      ...tableAcross(figures, "receive/tls/", "ns/message"),
      ...tableAcross(figures, "receive/tcp/", "CPU ns/message"),
      ...tableAcross(figures, "receive/tls/", "CPU ns/message"),
    ],
  },
  {
    title: "Echo round trips",
    prefixes: ["echo/"],
    text: "Sequential round trips of 40 bytes. `apart`: server and client on a CPU each, where a halted CPU must be woken for each message; `together`: both on one.",
    notMeasured: "round trips under load, and other sizes.",
    chart: "echo",
    tables: (figures) => tablePerGroup(figures, "echo/"),
  },
  {
    title: "REST",
    prefixes: ["http/"],
    text: "Requests one after another on one kept connection, to a server that answers at once: over TCP by a thread per connection that blocks in `recv(2)`, so that little of the time is the server's; over TLS by a bare `Bun.listen`. `apart` and `together` as above.",
    notMeasured: "large bodies, chunked bodies and streamed ones.",
    chart: "http",
    tables: (figures) => tablePerGroup(figures, "http/"),
  },
  {
    title: "Pools",
    prefixes: ["pool/"],
    text: "Requests by one connection without a pool, a pool of 1 one after another, and pools of 4 and 8 with as many tasks at a time; acquiring and releasing alone; a lease that goes to a Worker and back; what happens while a server is away.",
    notMeasured: "`undici.Pool` and agents of `node:http`; TLS.",
    chart: null,
    tables: (figures) => [
      ...tablePerGroup(figures, "pool/requests/"),
      ...tablePerGroup(figures, "pool/acquire"),
      ...tablePerGroup(figures, "pool/hand-over"),
      ...tableAcross(figures, "pool/reconnect/", "ms"),
      ...tablePerGroup(figures, "pool/stopped"),
    ],
  },
  {
    title: "Accepting",
    prefixes: ["accept/"],
    text: "The server's role: masked frames received, and echoes of 40 bytes over one connection and over a hundred. The driver is a bare socket on the other CPU.",
    notMeasured: "TLS, and the rate at which connections are accepted.",
    chart: null,
    tables: (figures) => [
      ...tableAcross(figures, "accept/receive/", "ns/message"),
      ...tableAcross(figures, "accept/receive/", "CPU ns/message"),
      ...tablePerGroup(figures, "accept/echo/"),
    ],
  },
  {
    title: "Compression",
    prefixes: ["deflate/"],
    text: "permessage-deflate with a window of 15 bits each way, books of 676 bytes and snapshots of 20 KiB, received and sent, by clients and by servers. Multiples are of `ws` on Node, whose level is 6.",
    notMeasured: "undici, which does not compress what it sends.",
    chart: null,
    tables: (figures) => tablePerGroup(figures, "deflate/"),
  },
  {
    title: "Spinning",
    prefixes: ["spin/"],
    text: "The spin backend beside the event backend. The limit is a bare `Bun.connect`, the floor a bare loop over `send(2)` and `recv(2)`. Who spins needs a CPU of its own.",
    notMeasured: "several streams in one loop, and the feed in a Worker.",
    chart: null,
    tables: (figures) => tablePerGroup(figures, "spin/"),
  },
  {
    title: "By size of message",
    prefixes: ["series/size/"],
    text: "Nanoseconds for a binary message of 16 bytes to 1 MiB over loopback TCP.",
    notMeasured: "`ws` and undici on Node, whose cost at 40 to 512 bytes stands above.",
    chart: "size",
    tables: (figures) => tableAcross(figures, "series/size/", "ns/message", true),
  },
  {
    title: "By number of connections",
    prefixes: ["series/connections/"],
    text: "One process with 1 to 1,000 connections over loopback TCP, which share the same number of 40-byte messages; RSS while all of them stand.",
    notMeasured: "contenders on Node.",
    chart: "connections",
    tables: (figures) => [
      ...tableAcross(figures, "series/connections/", "ns/message", true),
      ...tableAcross(figures, "series/connections/", "MB", true),
    ],
  },
  {
    title: "By number of messages",
    prefixes: ["series/count/"],
    text: "40-byte messages over one connection, 100,000 to 100,000,000 of them, and RSS after the last. A process that leaks, or slows down with time, shows here. Bun's `WebSocket` stops at ten million, which take it seconds already.",
    notMeasured: "contenders on Node.",
    chart: "count",
    tables: (figures) => [
      ...tableAcross(figures, "series/count/", "ns/message", true),
      ...tableAcross(figures, "series/count/", "MB", true),
    ],
  },
  {
    title: "Memory",
    prefixes: ["memory/"],
    text: "What receiving 40-byte messages leaves behind, in RSS and in live objects, and what a message or a request allocates on the heap, with the collector off. The limit is what Bun itself holds.",
    notMeasured: "other clients.",
    chart: null,
    tables: (figures) => tablePerGroup(figures, "memory/"),
  },
];
