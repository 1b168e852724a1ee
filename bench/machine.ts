import { arch, cpus, release, totalmem, type } from "node:os";

/** Where and with what a result was measured: without it a number is no result. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly memory: string;
  readonly kernel: string;
  readonly bun: string;
  readonly node: string;
  readonly ws: string;
  readonly undici: string;
  readonly genericPool: string;
}

export async function describeMachine(): Promise<Machine> {
  const root = new URL("..", import.meta.url);
  return {
    date: new Date().toISOString(),
    commit: commandOutput(["git", "describe", "--always", "--dirty"], root) ?? "unknown",
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cpus: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${type()} ${release()} ${arch()}`,
    bun: Bun.version,
    node: commandOutput(["node", "--version"], root)?.slice(1) ?? "not installed",
    ws: await packageVersion("ws", root),
    undici: await packageVersion("undici", root),
    genericPool: await packageVersion("generic-pool", root),
  };
}

async function packageVersion(name: string, root: URL): Promise<string> {
  const packageJson: { version: string } = await Bun.file(new URL(`node_modules/${name}/package.json`, root)).json();
  return packageJson.version;
}

function commandOutput(command: readonly [string, ...string[]], cwd: URL): string | null {
  if (Bun.which(command[0]) === null) return null;
  const { success, stdout } = Bun.spawnSync([...command], { cwd: Bun.fileURLToPath(cwd), stderr: "ignore" });
  return success ? stdout.toString().trim() : null;
}
