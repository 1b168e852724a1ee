import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server of someone else's in a process of its own. */
export interface Daemon extends AsyncDisposable {
  readonly port: number;
}

export interface DaemonOptions {
  /** How it is asked to end. Default SIGKILL. */
  readonly signal?: NodeJS.Signals;
  /** Files that it finds in its folder, by name. */
  readonly files?: (folder: string, port: number) => Readonly<Record<string, string>>;
}

/** Starts a program with a port of its own to listen on and a folder, which goes with it; resolves once it accepts connections. */
export async function startDaemon(
  program: string,
  argumentsFor: (port: number, folder: string) => readonly string[],
  { signal = "SIGKILL", files }: DaemonOptions = {},
): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), "nexus-daemon-"));
  const port = unusedPort();
  for (const [name, text] of Object.entries(files?.(folder, port) ?? {})) writeFileSync(join(folder, name), text);
  const child = Bun.spawn([program, ...argumentsFor(port, folder)], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  while (!(await accepts(port)) && child.exitCode === null) await Bun.sleep(10);
  const stop = async (): Promise<void> => {
    child.kill(signal);
    await child.exited;
    rmSync(folder, { recursive: true, force: true });
  };
  if (child.exitCode === null) return { port, [Symbol.asyncDispose]: stop };
  await stop();
  throw new Error(`Cannot start ${program}: ${await child.stderr.text()}`);
}

/** Free when it was looked at. */
export function unusedPort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}
