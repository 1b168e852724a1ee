import { fileURLToPath } from "node:url";
import type { ServerWebSocket } from "bun";
import { nginx } from "../../helpers/nginx.ts";

/** What a server of someone else's saw of one connection; `number` is what the client put in the query. */
export interface Sighting {
  readonly event: string;
  readonly number: number;
  readonly [detail: string]: unknown;
}

/** A server that is not ours: it echoes, and obeys messages that begin with "!". */
export interface InteropServer extends AsyncDisposable {
  readonly url: string;
  /** Waits for that event of that connection. */
  saw(event: string, number: number): Promise<Sighting>;
}

/** The package `ws` on Node, in a process of its own. */
export async function startNode(): Promise<InteropServer> {
  const script = fileURLToPath(new URL("./ws-server.mjs", import.meta.url));
  const child = Bun.spawn(["node", script], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const sightings = new Sightings();
  const port = Promise.withResolvers<unknown>();
  void (async () => {
    let rest = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const sighting = JSON.parse(line);
        if (sighting.event === "listening") port.resolve(sighting.port);
        else sightings.add(sighting);
      }
    }
    port.reject(new Error("Cannot start node: it ended before it listened"));
  })();
  return {
    url: `ws://127.0.0.1:${await port.promise}/`,
    saw: (event, number) => sightings.wait(event, number),
    async [Symbol.asyncDispose]() {
      // Its standard input ends with ours: it goes, too, if this process is killed.
      await child.stdin.end();
      await child.exited;
    },
  };
}

/** Bun's own server, which knows no fragments. */
export function startBun(): InteropServer {
  const sightings = new Sightings();
  const obey = (ws: ServerWebSocket<number>, text: string): void => {
    const [command, first = "", second = ""] = text.split(" ");
    if (command === "!close") ws.close(first === "" ? undefined : Number(first), second);
    else if (command === "!terminate") ws.terminate();
    else if (command === "!ping") ws.ping(first);
    else if (command === "!big") ws.send(Buffer.alloc(Number(first), "nexus"));
    else if (command === "!count") for (let count = 0; count < Number(first); count++) ws.send(`count ${count}`);
  };
  const server = Bun.serve<number>({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, self) {
      const { pathname, searchParams } = new URL(request.url);
      const number = Number(searchParams.get("number"));
      if (pathname === "/refuse") return Response.json({ error: "no key" }, { status: 401 });
      const offered = request.headers.get("Sec-WebSocket-Protocol") ?? "";
      const headers = offered.includes("v1.json") ? { "Sec-WebSocket-Protocol": "v1.json" } : {};
      const { pathname: path, search } = new URL(request.url);
      sightings.add({
        event: "open",
        number,
        url: path + search,
        key: request.headers.get("X-API-KEY"),
        extensions: "",
      });
      return self.upgrade(request, { data: number, headers }) ? undefined : new Response("upgrade", { status: 426 });
    },
    websocket: {
      perMessageDeflate: true,
      maxPayloadLength: 64 << 20,
      backpressureLimit: 64 << 20,
      message(ws, message) {
        if (typeof message === "string" && message.startsWith("!")) obey(ws, message);
        else ws.send(message);
      },
      ping: (ws, data) => void ws.send(`pinged ${data}`),
      pong: (ws, data) => void ws.send(`ponged ${data}`),
      close: (ws, code, reason) => sightings.add({ event: "close", number: ws.data, code, reason }),
    },
  });
  return {
    url: `ws://127.0.0.1:${server.port}/`,
    saw: (event, number) => sightings.wait(event, number),
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

/** Debian's nginx, which ends TLS and hands on to the server on Node. */
export async function startNginx(): Promise<InteropServer> {
  const node = await startNode();
  const front = await nginx({
    server: () => `
    location / {
      proxy_pass http://${new URL(node.url).host};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $host;
    }
    location /forbidden { return 403 "not from here"; }`,
  });
  return {
    url: `wss://localhost:${front.port}/`,
    saw: (event, number) => node.saw(event, number),
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
    },
  };
}

class Sightings {
  readonly #seen: Sighting[] = [];
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  add(sighting: Sighting): void {
    this.#seen.push(sighting);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async wait(event: string, number: number): Promise<Sighting> {
    for (;;) {
      const found = this.#seen.find((sighting) => sighting.event === event && sighting.number === number);
      if (found !== undefined) return found;
      await this.#changed.promise;
    }
  }
}
