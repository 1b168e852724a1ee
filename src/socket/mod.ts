export type { Transport, TransportHandler } from "./transport.ts";
