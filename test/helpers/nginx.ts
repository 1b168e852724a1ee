import { existsSync } from "node:fs";
import { join } from "node:path";
import { testPath } from "./certificates.ts";
import { type Daemon, startDaemon } from "./daemon.ts";

/** What stands in nginx's configuration beside what every test needs, and further files. */
export interface NginxOptions {
  /** Lines of `http`. */
  readonly http?: string;
  /** Lines of `server`, given its folder. */
  readonly server: (folder: string) => string;
  readonly files?: Readonly<Record<string, string>>;
}

/** Debian's nginx, which ends TLS for `localhost`. */
export function nginx({ http = "", server, files = {} }: NginxOptions): Promise<Daemon> {
  return startDaemon(NGINX, (_, folder) => ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"], {
    signal: "SIGQUIT",
    files: (folder, port) => ({ ...files, "nginx.conf": nginxConfiguration(port, http, server(folder)) }),
  });
}

export function hasNginx(): boolean {
  return existsSync(NGINX);
}

function nginxConfiguration(port: number, http: string, server: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path temp_${name};`,
  );
  return `
daemon off;
master_process off;
pid nginx.pid;
user root;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary.join("\n  ")}
  ${http}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${testPath("localhost.crt")};
    ssl_certificate_key ${testPath("localhost.key")};
    ${server}
  }
}
`;
}

const NGINX = "/usr/sbin/nginx";
