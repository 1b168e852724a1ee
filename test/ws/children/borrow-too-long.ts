/** Reads messages after they were given back, each way there is to; prints what each attempt said, as JSON. Run it with NEXUS_DEBUG=1. */
import type { Message } from "../../../src/codec/ws/message.ts";
import { pattern, utf8 } from "../../helpers/bytes.ts";
import { frameBytes } from "../../helpers/frames.ts";
import { type Diary, Wire } from "../support.ts";

const said: Record<string, string> = {};

/** Reads all there is of a message. */
function read(message: Message): string {
  const { kind, length, closeCode, closeReason } = message;
  return [
    kind,
    length,
    message.bytes().length,
    message.text().length,
    message.toOwned().kind,
    closeCode,
    closeReason,
  ].join();
}

function attempt(name: string, message: Message | null): void {
  try {
    said[name] = message === null ? "null" : read(message);
  } catch (error) {
    said[name] = String((error as { code?: unknown }).code);
  }
}

const text = (value: string): Uint8Array => frameBytes({ opcode: 1, payload: utf8(value) });

const wire = new Wire();
const ws = await wire.stream();
wire.transport.deliver(
  text("one"),
  text("two"),
  frameBytes({ opcode: 2, payload: pattern(300_000) }),
  frameBytes({ opcode: 9 }),
  text("last"),
);
const first = await ws.recv();
attempt("before the next recv", first);
await Bun.sleep(0);
wire.transport.deliver(text("arrives meanwhile"));
await Bun.sleep(0);
attempt("while more arrives", first);
const owned = first?.toOwned();
const second = await ws.recv();
attempt("after the next recv", first);
said["owned"] = JSON.stringify(owned);
const third = ws.tryRecv();
attempt("after the next tryRecv", second);
attempt("a large one", third);
const ping = await ws.recv();
attempt("a large one, after the next", third);
attempt("a ping that was answered", ping);
ws.tryRecv();
ws.tryRecv();
const none = ws.tryRecv();
attempt("the end of what there is", none);
attempt("a ping, too late", ping);
said["pongs"] = wire.sent().join();
ws.terminate();

const kept: Message[] = [];
const other = new Wire();
const connection = await other.connection({
  handlers: {
    message(_: unknown, message: Message): void {
      kept.push(message);
      attempt(`in the handler ${kept.length}`, message);
      if (kept.length === 2) attempt("in the next handler", kept[0] ?? null);
    },
  },
} as unknown as Diary);
other.transport.deliver(text("one"), text("two"), frameBytes({ opcode: 2, payload: pattern(5000) }));
for (const [at, message] of kept.entries()) attempt(`after the handler ${at + 1}`, message);
connection.terminate();

console.log(JSON.stringify(said));
