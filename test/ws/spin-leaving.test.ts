import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { PeerServer } from "../helpers/peer-server.ts";

const script = fileURLToPath(new URL("./children/spin-forever.ts", import.meta.url));

for (const wait of ["spin", "poll", "spin-then-poll"]) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} ends a process that waits by ${wait}, and the peer learns it`, async () => {
      using server = new PeerServer();
      const child = Bun.spawn([process.execPath, script, server.url, wait], { stdout: "pipe", stderr: "inherit" });
      expect(new TextDecoder().decode((await child.stdout.getReader().read()).value)).toBe("waiting\n");
      child.kill(signal);
      await child.exited;
      expect(child.signalCode).toBe(signal);
      const peer = await server.peer();
      await peer.until(({ sawEnd, gone }) => sawEnd || gone);
    });
  }
}
