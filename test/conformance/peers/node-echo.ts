import { fileURLToPath } from "node:url";
import type { Role } from "../../../src/codec/ws/opcode.ts";
import { dial } from "../../../src/socket/dial.ts";
import { ConformancePeer } from "../player/peer.ts";
import { PeerServer } from "../player/sockets.ts";
import type { DeflateAgreement } from "../vectors/vector.ts";

/** The package `ws` under Node, in a process of its own, as the program that vectors are played to. */
export class NodeEcho implements AsyncDisposable {
  readonly #child: ReturnType<typeof spawn>;
  readonly #port: number;
  /** Where its clients connect to. */
  readonly #peers: PeerServer = new PeerServer(false);

  private constructor(child: ReturnType<typeof spawn>, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start({ deflate }: { readonly deflate: boolean }): Promise<NodeEcho> {
    const child = spawn(deflate);
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    return new NodeEcho(child, Number(new TextDecoder().decode(value)));
  }

  /** The scripted end of a connection to it. */
  async peer(program: Role, deflate: DeflateAgreement | null): Promise<ConformancePeer> {
    if (program === "server") {
      const far = await dial({ hostname: "127.0.0.1", port: this.#port, tls: null });
      return new ConformancePeer(far, "server", "handshake", deflate);
    }
    this.#peers.deflate = deflate;
    const index = this.#peers.peers.length;
    this.#child.stdin.write(`ws://127.0.0.1:${this.#peers.port}/\n`);
    await this.#child.stdin.flush();
    return this.#peers.peer(index);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#peers[Symbol.dispose]();
    await this.#child.stdin.end();
    await this.#child.exited;
  }
}

function spawn(deflate: boolean): Bun.Subprocess<"pipe", "pipe", "inherit"> {
  const script = fileURLToPath(new URL("./ws-echo.mjs", import.meta.url));
  return Bun.spawn(["node", script, ...(deflate ? ["--deflate"] : [])], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
}
