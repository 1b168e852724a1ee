/**
 * TLS servers for clients that hold up their own thread, one for each certificate, and some that speak no TLS. Each sends back what comes.
 * Over IPC it says how many bytes of plaintext each has seen.
 */
import { identity, testPath } from "../../helpers/certificates.ts";

const seen: Record<string, number> = {};

function listen(name: string, tls: Bun.TLSOptions | undefined): number {
  seen[name] = 0;
  const { port } = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open(socket) {
        if (name === "hangs-up") socket.end();
        if (name === "speaks-http") socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
      },
      data(socket, chunk) {
        if (name === "silent" || name === "speaks-http") return;
        seen[name] = (seen[name] ?? 0) + chunk.length;
        if (chunk.length < 1000) socket.write(chunk);
        if (chunk.toString() === "bye") socket.end();
      },
      handshake() {},
      error() {},
    },
  });
  return port;
}

const ports: Record<string, number> = {};
for (const name of ["localhost", "self-signed", "expired", "wrong-name"]) ports[name] = listen(name, identity(name));
const wantsCertificate = { ca: await Bun.file(testPath("ca.crt")).text(), requestCert: true, rejectUnauthorized: true };
ports["wants-certificate"] = listen("wants-certificate", { ...identity("localhost"), ...wantsCertificate });
const old = { ...identity("localhost"), maxVersion: 0x0303 } as Bun.TLSOptions;
ports["tls-1.2"] = listen("tls-1.2", old);
ports["alpn"] = listen("alpn", { ...identity("localhost"), ALPNProtocols: Buffer.from("\x08http/1.1") });
for (const name of ["hangs-up", "speaks-http", "silent"]) ports[name] = listen(name, undefined);

process.on("message", () => process.send?.({ seen }));
process.send?.({ ports });
