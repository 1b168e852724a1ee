// `node:http` and `node:https` with an agent that keeps one connection; runs on Bun and on Node.
import http from "node:http";
import https from "node:https";
import { contendRequests } from "./contender.mjs";

await contendRequests((task, ca) => {
  const { method, path, headers, body } = task.request;
  const { protocol, hostname, port } = new URL(task.origin);
  const module = protocol === "https:" ? https : http;
  const agent = new module.Agent({ keepAlive: true, maxSockets: 1, ...(ca === null ? {} : { ca }) });
  const fields = body === null ? headers : { ...headers, "Content-Length": String(body.length) };
  const options = { hostname, port, method, path, headers: fields, agent, ...(ca === null ? {} : { ca }) };
  return () =>
    new Promise((resolve, reject) => {
      const request = module.request(options, (response) => {
        let bodyLength = 0;
        response.on("data", (chunk) => {
          bodyLength += chunk.length;
        });
        response.on("end", () => resolve({ status: response.statusCode, bodyLength }));
        response.on("error", reject);
      });
      request.on("error", reject);
      if (body === null) request.end();
      else request.end(body);
    });
});
