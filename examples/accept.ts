/**
 * A server that passes on what each client says to all others. A subscriber that does not keep up is cut, so that it holds nobody back.
 *
 *     bun examples/accept.ts --port 9002
 */
import { parseArgs } from "node:util";
import { HandshakeError, NexusError, TcpListener, type TcpSocket, TimeoutError, WsConnection } from "../index.ts";
import { onInterrupt } from "./interrupt.ts";

/** Passes on until the listener is closed; then everybody is sent away in order. */
export async function passOn(listener: TcpListener, log: (line: string) => void): Promise<void> {
  const open = new Set<WsConnection>();
  for await (const tcp of listener) void join(tcp, open, log);
  for (const ws of open) ws.close(1001, "going away");
  await Promise.all(Array.from(open, ({ closed }) => closed));
}

async function join(tcp: TcpSocket, open: Set<WsConnection>, log: (line: string) => void): Promise<void> {
  try {
    const ws = await WsConnection.accept(
      tcp,
      {
        message(from, msg) {
          if (msg.kind !== "text") return;
          const text = msg.text();
          for (const to of open) if (to !== from && to.state === "open" && !to.sendText(text)) to.terminate();
        },
        error: (_, error) => log(`${tcp.remoteAddress}: ${error}`),
        close(ws) {
          open.delete(ws);
          log(`${tcp.remoteAddress} left, ${open.size} stay`);
        },
      },
      {
        onUpgrade: ({ path }) => (path === "/" ? undefined : { status: 404, body: "there is only /\n" }),
        highWaterMark: 256 << 10,
        liveness: { pingAfter: 20_000, deadAfter: 30_000 },
      },
    );
    if (ws.state !== "open") return;
    open.add(ws);
    log(`${tcp.remoteAddress} joined, ${open.size} are here`);
  } catch (error) {
    // The client's doing: it was told, and is gone.
    if (!(error instanceof HandshakeError || error instanceof TimeoutError)) throw error;
    log(`${tcp.remoteAddress}: ${error.message}`);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "9002" } } });
  try {
    using listener = TcpListener.bind({ hostname: "127.0.0.1", port: Number(values.port) });
    const stopListening = onInterrupt(() => listener.close());
    console.log(`ws://127.0.0.1:${listener.port}/`);
    await passOn(listener, console.log);
    stopListening();
  } catch (error) {
    if (!(error instanceof NexusError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
