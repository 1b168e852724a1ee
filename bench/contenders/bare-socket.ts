/** Connects, sends the upgrade request once the socket (and TLS on it) stands, and hands every chunk over. */
export async function dialBare(
  url: string,
  ca: string | null,
  receive: (socket: Bun.Socket, chunk: Uint8Array) => void,
): Promise<Bun.Socket> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const request =
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  return await Bun.connect({
    hostname,
    port: Number(port),
    ...(ca === null ? {} : { tls: { ca } }),
    socket: {
      open(socket) {
        if (ca === null) socket.write(request);
      },
      handshake(socket, authorized, error) {
        if (!authorized) throw error ?? new Error("Cannot verify the bench server's certificate");
        socket.write(request);
      },
      data: receive,
    },
  });
}
