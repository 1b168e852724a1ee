/**
 * TLS servers for clients that hold up their own thread: one asks for a certificate. Each sends back what comes.
 * Over IPC it says how many bytes of plaintext each has seen.
 */
import { identity, testPath } from "../../helpers/certificates.ts";

const seen: Record<string, number> = {};

function listen(name: string, tls: Bun.TLSOptions): number {
  seen[name] = 0;
  const { port } = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    tls,
    socket: {
      data(socket, chunk) {
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
ports["localhost"] = listen("localhost", identity("localhost"));
const wantsCertificate = { ca: await Bun.file(testPath("ca.crt")).text(), requestCert: true, rejectUnauthorized: true };
ports["wants-certificate"] = listen("wants-certificate", { ...identity("localhost"), ...wantsCertificate });

process.on("message", () => process.send?.({ seen }));
process.send?.({ ports });
