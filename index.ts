export { NexusError, ProtocolError, type ProtocolFault, TimeoutError, UsageError } from "./src/codec/errors.ts";
