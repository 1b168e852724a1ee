/**
 * A server for clients that hold up their own thread. The URL's path says what it does once a connection is open; over IPC it tells what
 * came (`lines <index>`), and does what is asked (`proceed <index>`).
 */
import { TcpListener } from "../../../src/socket/tcp-listener.ts";
import { WsStream } from "../../../src/ws/stream.ts";
import { PeerServer } from "../../helpers/peer-server.ts";
import { acceptance, type WsPeer } from "../../helpers/ws-peer.ts";

const SCENARIOS: Record<string, (peer: WsPeer) => void> = {
  "/echo": () => {},
  "/silent": () => {},
  "/pong": () => {},
  "/no-close": () => {},
  "/greet": (peer) =>
    peer
      .text("hello")
      .binary(new Uint8Array([1, 2, 3]))
      .text("grüße"),
  "/ping": (peer) => peer.ping("hi").text("after").pong("unasked"),
  "/close": (peer) => peer.text("last").close(1001, "bye"),
  "/close-and-end": (peer) => peer.close(1001, "bye").end(),
  "/reset": (peer) => setTimeout(() => peer.reset(), 20),
  "/cut": (peer) => peer.send(new Uint8Array([0x82, 5, 1, 2])).end(),
  "/invalid": (peer) => peer.text("good").send(new Uint8Array([0xc1, 0, 0x81, 0])),
  "/large": (peer) => peer.binary(new Uint8Array(1 << 20).fill(7)).text("end"),
  "/stall": (peer) => peer.stall(),
  "/heartbeat": (peer) => peer.text("ping").text("data"),
  // The rest comes when it is asked for.
  "/parts": (peer) => peer.send(new Uint8Array([0x81, 1, 97, 0x81, 1, 98, 0x81, 2, 99])),
  "/late": (peer) => setTimeout(() => peer.text("late"), 60),
  "/flood": (peer) => {
    for (let sent = 0; sent < 20_000; sent++) peer.binary(numbered(sent));
    peer.close(1000);
  },
};

const servers = [true, false].map(
  (answersClose) =>
    new PeerServer({
      answersClose,
      answer: (request) => {
        const path = pathOf(request.line);
        if (path === "/refuse") return "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: no\r\n\r\nno!\n";
        if (path === "/mute") return null;
        if (path === "/with-frames") return Buffer.from(`${acceptance(request)}\x81\x05early`, "latin1");
        return acceptance(request);
      },
      onPeer: async (peer) => {
        await peer.until(({ request, gone }) => request !== null || gone);
        SCENARIOS[pathOf(peer.request?.line ?? "")]?.(peer);
      },
      onMessage: (peer, message) => {
        const path = pathOf(peer.request?.line ?? "");
        if (path === "/parts" && message.kind === "text") {
          setTimeout(() => peer.send(new Uint8Array([100, 0x81, 1, 101])), 30);
        }
        if (path === "/pong" && message.kind === "ping") peer.pong(Buffer.from(message.bytes).toString());
        if (path !== "/echo") return;
        if (message.kind === "text") peer.text(message.text);
        if (message.kind === "binary") peer.binary(message.bytes);
      },
    }),
);

process.on("message", async (question: { readonly id: number; readonly ask: string; readonly path: string }) => {
  const found = servers
    .flatMap(({ peers }) => peers)
    .filter(({ request }) => pathOf(request?.line ?? "") === question.path);
  const peer = found[found.length - 1];
  if (question.ask === "proceed") peer?.proceed();
  if (question.ask === "gone") await peer?.until(({ gone }) => gone);
  process.send?.({
    id: question.id,
    lines: peer?.lines ?? [],
    gone: peer?.gone ?? true,
    failure: peer?.failure?.code ?? null,
    request: peer?.request?.text ?? "",
    error: (peer?.closeError as { code?: string } | null | undefined)?.code ?? null,
  });
});
/** Compresses, and sends everything back. */
const compressing = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
async function echoCompressed(): Promise<void> {
  for (let tcp = await compressing.accept(); tcp !== null; tcp = await compressing.accept()) {
    const ws = await WsStream.accept(tcp, { deflate: { threshold: 0 } });
    ws.readable.pipeTo(ws.writable).catch(() => {});
  }
}
echoCompressed();

const secure = new PeerServer({
  tls: true,
  onMessage: (peer, message) => {
    if (message.kind === "text") peer.text(message.text);
    if (message.kind === "binary") peer.binary(message.bytes);
  },
});

process.send?.({ ports: [...servers.map(({ port }) => port), compressing.port, secure.port] });

function numbered(sequence: number): Uint8Array {
  const bytes = new Uint8Array(40);
  new DataView(bytes.buffer).setUint32(0, sequence);
  return bytes;
}

function pathOf(line: string): string {
  return line.split(" ")[1] ?? "";
}
