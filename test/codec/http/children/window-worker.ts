import { ResponseWindow } from "../../../../src/codec/http/response-window.ts";

declare const self: Worker;

self.onmessage = (event: MessageEvent<{ memory: SharedArrayBuffer; places: Int32Array }>) => {
  const { memory, places } = event.data;
  const response = new ResponseWindow(new Uint8Array(memory)).open(places);
  self.postMessage({
    status: response.status,
    reason: response.reason,
    retryAfter: response.header("retry-after"),
    text: response.bodyText(),
    json: response.bodyJson(),
    bytes: [...response.bodyBytes()],
    sum: response.trailer("x-sum"),
  });
};
