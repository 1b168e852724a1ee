import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./wait.ts";

/** Debian's program itself: what stands on the path is a script that leaves it behind when it is killed. */
const CHROMIUM =
  ["chromium-headless-shell", "chromium"]
    .map((name) => Bun.which(`/usr/lib/chromium/${name}`))
    .find((path) => path !== null) ?? null;

export const hasChromium: boolean = CHROMIUM !== null;

/** A headless Chromium, with a profile of its own, that opens one page; disposing of it leaves no process of it behind. */
export async function openPage(url: string): Promise<AsyncDisposable> {
  if (CHROMIUM === null) throw new Error(`Cannot open ${url}: Chromium is not installed`);
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${profile}`];
  const browser = Bun.spawn([CHROMIUM, ...flags, url], { stdio: ["ignore", "ignore", "ignore"] });
  return {
    async [Symbol.asyncDispose]() {
      browser.kill();
      await browser.exited;
      await until(() => !isNamed(profile));
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Whether a process has `text` among its arguments. */
function isNamed(text: string): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(text);
    } catch {
      return false; // it has ended
    }
  });
}
