import { fileURLToPath } from "node:url";

/**
 * The exchange of `examples/exchange` as a child process. It ends when its standard input closes, so it cannot outlive
 * us, however we end.
 */
export class ExchangeProcess implements AsyncDisposable {
  /** The url of its combined streams. */
  readonly url: string;
  /** The url of its REST half, without a path. */
  readonly restUrl: string;
  /** PEM file of the authority that signed its certificate. */
  readonly ca: string;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;

  private constructor(child: Bun.Subprocess<"pipe", "pipe", "inherit">, announcement: Announcement) {
    this.#child = child;
    this.url = announcement.stream;
    this.restUrl = announcement.rest;
    this.ca = announcement.ca;
  }

  /** Starts it with TLS and these arguments of its own, and these faults; resolves once it listens. */
  static async start(args: readonly string[], faults: readonly string[]): Promise<ExchangeProcess> {
    const faultArgs = faults.flatMap((fault) => ["--fault", fault]);
    const child = Bun.spawn([process.execPath, MAIN, "--tls", ...args, ...faultArgs], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const line = await firstLine(child.stdout);
    if (line === "") throw new Error(`Cannot start exchange: it exited with ${await child.exited}`);
    return new ExchangeProcess(child, JSON.parse(line) as Announcement);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#child.exited;
  }
}

/** What it says when it listens. */
interface Announcement {
  readonly stream: string;
  readonly rest: string;
  readonly ca: string;
}

async function firstLine(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return "";
}

const MAIN = fileURLToPath(new URL("./exchange/main.ts", import.meta.url));
