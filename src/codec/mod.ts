export { NexusError, PROTOCOL_FAULTS, ProtocolError, type ProtocolFault, TimeoutError, UsageError } from "./errors.ts";
