/**
 * A server that is abused, in a process of its own: echoes, and stops reading where its answers are not taken. Prints one JSON object a line: its port,
 * then for each line on its standard input what it holds, and what it cost since the line before. Ends with its standard input.
 */
import { TcpListener } from "../../../src/socket/tcp-listener.ts";
import { WsConnection } from "../../../src/ws/connection.ts";

const listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0, backlog: 2_000 });
/** How upgrades failed and connections ended, by code. */
const ends: Record<string, number> = {};
let open = 0;

function count(code: string | number): void {
  ends[code] = (ends[code] ?? 0) + 1;
}

async function serve(): Promise<void> {
  for await (const tcp of listener) {
    const handlers = {
      message(ws: WsConnection, message: { kind: string; bytes(): Uint8Array; text(): string }): void {
        const room =
          message.kind === "text"
            ? ws.sendText(message.text())
            : message.kind !== "binary" || ws.sendBinary(message.bytes());
        if (!room) ws.pause();
      },
      drain: (ws: WsConnection): void => ws.resume(),
      error: (_ws: WsConnection, error: unknown): void => count((error as { code: string }).code),
      close(_ws: WsConnection, code: number): void {
        open--;
        count(code);
      },
    };
    WsConnection.accept(tcp, handlers, { handshakeTimeout: 2_500, closeTimeout: 500, deflate: true }).then(
      (ws) => {
        open++;
        // One that was stopped tells its end only once it has read on.
        void ws.closed.then(() => ws.resume());
      },
      (error) => count(error.code),
    );
  }
}

void serve();
console.log(JSON.stringify({ port: listener.port }));

/** Microseconds of this process on a CPU. */
function onCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

let collected = onCpu();
for await (const _ of Bun.stdin.stream()) {
  // Collecting is the test's doing, and no part of what it costs to serve.
  const cpu = onCpu() - collected;
  Bun.gc(true);
  collected = onCpu();
  console.log(JSON.stringify({ rss: process.memoryUsage.rss(), cpu, open, ends }));
}
process.exit(0);
