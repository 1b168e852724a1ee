import { announce, Counting } from "./tally.ts";

/** Bun's own server, as it comes; without compression, and with room for the largest message of the corpus. */
interface Session {
  readonly echoes: boolean;
  readonly counting: Counting;
}

const server = Bun.serve<Session>({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, self) {
    const data = { echoes: new URL(request.url).pathname === "/echo", counting: new Counting() };
    return self.upgrade(request, { data }) ? undefined : new Response(null, { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    maxPayloadLength: 64 << 20,
    message(ws, message) {
      const { echoes, counting } = ws.data;
      if (echoes) ws.send(message);
      else if (typeof message === "string" && message.startsWith("end ")) ws.send(counting.tell());
      else counting.add(typeof message === "string" ? Buffer.byteLength(message) : message.length);
    },
  },
});

await announce(server.port ?? 0);
