import { fileURLToPath } from "node:url";
import type { DemoOptions } from "./options.ts";

/**
 * The exchange of `examples/exchange` as a child process. It ends when its standard input closes, so it cannot outlive
 * us, however we end.
 */
export class ExchangeProcess implements AsyncDisposable {
  /** The url of its combined streams. */
  readonly url: string;
  /** PEM file of the authority that signed its certificate. */
  readonly ca: string;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;

  private constructor(child: Bun.Subprocess<"pipe", "pipe", "inherit">, url: string, ca: string) {
    this.#child = child;
    this.url = url;
    this.ca = ca;
  }

  /** Resolves once it listens. */
  static async start(options: Pick<DemoOptions, "rate" | "seed" | "symbols" | "faults">): Promise<ExchangeProcess> {
    const { rate, seed, symbols, faults } = options;
    const args = ["--tls", "--rate", `${rate}`, "--seed", `${seed}`, "--symbols", symbols.join(",")];
    const child = Bun.spawn([process.execPath, MAIN, ...args, ...faults.flatMap((fault) => ["--fault", fault])], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const line = await firstLine(child.stdout);
    if (line === "") throw new Error(`Cannot start exchange: it exited with ${await child.exited}`);
    const { stream, ca }: { stream: string; ca: string } = JSON.parse(line);
    return new ExchangeProcess(child, stream, ca);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#child.exited;
  }
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

const MAIN = fileURLToPath(new URL("../exchange/main.ts", import.meta.url));
