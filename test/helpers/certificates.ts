import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The path of a test certificate or key: `ca.crt`. */
export function testPath(name: string): string {
  return join(import.meta.dir, "../fixtures/tls", name);
}

/** Key and certificate of a test server, as Bun takes them. */
export function identity(name: string): { cert: string; key: string } {
  return { cert: readFileSync(testPath(`${name}.crt`), "utf8"), key: readFileSync(testPath(`${name}.key`), "utf8") };
}
