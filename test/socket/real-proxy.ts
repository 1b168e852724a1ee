import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A proxy of Debian's on a free port of 127.0.0.1, in a process of its own. */
export interface RealProxy extends AsyncDisposable {
  readonly name: string;
  /** With what it wants as user name and password. */
  readonly url: string;
  readonly port: number;
}

/** Where Debian keeps daemons is not always on the PATH. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

/** The proxies that are installed here; says loudly which are not. */
export function realProxies(): readonly (readonly [name: string, start: () => Promise<RealProxy>])[] {
  const known = [
    ["tinyproxy", startTinyproxy],
    ["microsocks", startMicrosocks],
  ] as const;
  const missing = known.filter(([name]) => Bun.which(name, { PATH }) === null).map(([name]) => name);
  if (missing.length > 0) {
    console.warn(`!!! ${missing.join(" and ")}: not installed (apt-get install); no test runs against it !!!`);
  }
  return known.filter(([name]) => !missing.includes(name));
}

/** HTTP, asks for user and password, connects to any port. */
async function startTinyproxy(): Promise<RealProxy> {
  const folder = mkdtempSync(join(tmpdir(), "nexus-tinyproxy-"));
  const file = join(folder, "tinyproxy.conf");
  const proxy = await start("tinyproxy", "http", (port) => {
    const lines = [`Port ${port}`, "Listen 127.0.0.1", "Timeout 60", "MaxClients 50", "BasicAuth user word"];
    writeFileSync(file, `${[...lines, "LogLevel Critical", `LogFile "${join(folder, "log")}"`].join("\n")}\n`);
    return ["-d", "-c", file];
  });
  return {
    ...proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** SOCKS5, asks for user and password. */
function startMicrosocks(): Promise<RealProxy> {
  return start("microsocks", "socks5", (port) => ["-i", "127.0.0.1", "-p", String(port), "-u", "user", "-P", "word"]);
}

async function start(name: string, scheme: string, argumentsFor: (port: number) => string[]): Promise<RealProxy> {
  const program = Bun.which(name, { PATH }) ?? name;
  const port = unusedPort();
  const child = Bun.spawn([program, ...argumentsFor(port)], { stdout: "ignore", stderr: "ignore" });
  while (!(await accepts(port)) && child.exitCode === null) await Bun.sleep(10);
  if (child.exitCode !== null) throw new Error(`Cannot start ${name}: it ended with ${child.exitCode}`);
  return {
    name,
    port,
    url: `${scheme}://user:word@127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
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
