// Errors
export { NexusError, ProtocolError, type ProtocolFault, TimeoutError, UsageError } from "./src/codec/errors.ts";

// Sans-IO
export { ByteRing, type RingMemory } from "./src/codec/byte-ring.ts";
export { WriteBuffer } from "./src/codec/write-buffer.ts";
export { FrameReader } from "./src/codec/ws/frame-reader.ts";
export { FrameWriter, type FrameWriterOptions, type PayloadWriter } from "./src/codec/ws/frame-writer.ts";
export type { MaskKeys } from "./src/codec/ws/mask.ts";
export type { Message, MessageKind, OwnedMessage } from "./src/codec/ws/message.ts";
export type { Role } from "./src/codec/ws/opcode.ts";
export type { FrameReaderOptions } from "./src/codec/ws/reader-options.ts";

// Sockets
export type { Transport, TransportHandler } from "./src/socket/transport.ts";
