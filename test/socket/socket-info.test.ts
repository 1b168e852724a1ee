import { expect, test } from "bun:test";
import { dial } from "../../src/socket/dial.ts";
import { parseTcpInfo, readSocketInfo } from "../../src/socket/socket-info.ts";
import { until } from "../helpers/wait.ts";
import { bytesOf, Recorder, serve } from "./support.ts";

test("a live connection tells its ends, its options and its round trip", async () => {
  using server = serve({ onData: (socket, chunk) => socket.write(chunk) });
  const socket = await dial({ hostname: "127.0.0.1", port: server.port, tls: null });
  const recorder = new Recorder();
  socket.attach(recorder);
  socket.write(bytesOf("hello"), 0, 5);
  await until(() => recorder.text === "hello");
  const info = socket.socketInfo();
  expect(info).toMatchObject({
    fd: socket.fd,
    remoteAddress: "127.0.0.1",
    remotePort: server.port,
    localAddress: "127.0.0.1",
    localPort: socket.localPort,
    options: { noDelay: true, keepAlive: false, priority: 0, typeOfService: 0 },
    tcp: {
      state: "established",
      totalRetransmits: 0,
      bytesReceived: 5,
      bytesAcked: 6,
      notSentBytes: 0,
      lostSegments: 0,
    },
  });
  expect(info?.tcp?.rtt).toBeGreaterThan(0);
  expect(info?.tcp?.sendMss).toBeGreaterThan(500);
  expect(info?.tcp?.congestionWindow).toBeGreaterThan(0);
  socket.terminate();
  expect(socket.socketInfo()).toBeNull();
});

test("a descriptor that is none has no values", () => {
  const info = readSocketInfo(-1, { localAddress: "", localPort: 0, remoteAddress: "", remotePort: 0 });
  expect(info.tcp).toBeNull();
  expect(Object.values(info.options).every((value) => value === null)).toBe(true);
});

test("TCP_INFO of Linux, from an older kernel that reports less", () => {
  const view = new DataView(new ArrayBuffer(104));
  view.setUint8(0, 8);
  view.setUint8(2, 3);
  for (let offset = 8; offset < 104; offset += 4) view.setUint32(offset, 1000 + offset, true);
  expect(parseTcpInfo(new Uint8Array(view.buffer), "linux")).toEqual({
    state: "close-wait",
    retransmits: 3,
    retransmitTimeout: 1008,
    sendMss: 1016,
    recvMss: 1020,
    unackedSegments: 1024,
    lostSegments: 1032,
    lastDataReceived: 1052,
    pathMtu: 1060,
    rtt: 1068,
    rttVar: 1072,
    congestionWindow: 1080,
    totalRetransmits: 1100,
    bytesAcked: null,
    bytesReceived: null,
    notSentBytes: null,
    minRtt: null,
  });
  expect(parseTcpInfo(new Uint8Array(103), "linux")).toBeNull();
});

test("tcp_connection_info of macOS: milliseconds become µs, bytes become segments", () => {
  const view = new DataView(new ArrayBuffer(112));
  view.setUint8(0, 4);
  view.setUint32(12, 230, true);
  view.setUint32(16, 1448, true);
  view.setUint32(24, 14_480, true);
  view.setUint32(32, 77, true);
  view.setUint32(44, 12, true);
  view.setUint32(48, 3, true);
  view.setBigUint64(88, 5000n, true);
  view.setBigUint64(104, 2n, true);
  expect(parseTcpInfo(new Uint8Array(view.buffer), "darwin")).toMatchObject({
    state: "established",
    retransmitTimeout: 230_000,
    sendMss: 1448,
    congestionWindow: 10,
    notSentBytes: null,
    rtt: 12_000,
    rttVar: 3000,
    bytesReceived: 5000,
    totalRetransmits: 2,
    recvMss: null,
  });
  expect(parseTcpInfo(new Uint8Array(100), "darwin")).toBeNull();
});
