import { TlsConfig } from "./tls-config.ts";

let shared: TlsConfig | null = null;

/** What `https:` and `wss:` alone mean: the public roots that Bun ships, and one cache of sessions for all who leave `tls` out. */
export function defaultTls(): TlsConfig {
  shared ??= new TlsConfig();
  return shared;
}
