import { join } from "node:path";
import { type Daemon, type DaemonOptions, startDaemon } from "../helpers/daemon.ts";

/** A proxy of Debian's on a free port of 127.0.0.1, in a process of its own. */
export interface RealProxy extends Daemon {
  readonly name: string;
  /** With what it wants as user name and password. */
  readonly url: string;
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
function startTinyproxy(): Promise<RealProxy> {
  return start("tinyproxy", "http", (_, folder) => ["-d", "-c", join(folder, "tinyproxy.conf")], {
    files: (folder, port) => {
      const lines = [`Port ${port}`, "Listen 127.0.0.1", "Timeout 60", "MaxClients 50", "BasicAuth user word"];
      const all = [...lines, "LogLevel Critical", `LogFile "${join(folder, "log")}"`];
      return { "tinyproxy.conf": `${all.join("\n")}\n` };
    },
  });
}

/** SOCKS5, asks for user and password. */
function startMicrosocks(): Promise<RealProxy> {
  return start("microsocks", "socks5", (port) => ["-i", "127.0.0.1", "-p", String(port), "-u", "user", "-P", "word"]);
}

async function start(
  name: string,
  scheme: string,
  argumentsFor: (port: number, folder: string) => readonly string[],
  options?: DaemonOptions,
): Promise<RealProxy> {
  const daemon = await startDaemon(Bun.which(name, { PATH }) ?? name, argumentsFor, options);
  return { name, url: `${scheme}://user:word@127.0.0.1:${daemon.port}`, ...daemon };
}
