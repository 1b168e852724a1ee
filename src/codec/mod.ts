export { ByteRing, memoryOver, plainMemory, type RingMemory } from "./byte-ring.ts";
export { NexusError, PROTOCOL_FAULTS, ProtocolError, type ProtocolFault, TimeoutError, UsageError } from "./errors.ts";
export { Histogram, type HistogramSummary } from "./histogram.ts";
export { ChunkWriter } from "./http/chunk-writer.ts";
export type { ContentDecoder, ContentDecoders } from "./http/content-coding.ts";
export { type HeaderPairs, type HeadLimits, HeadReader } from "./http/head.ts";
export { Request } from "./http/request.ts";
export { RequestHead } from "./http/request-head.ts";
export { RequestReader, type RequestReaderOptions } from "./http/request-reader.ts";
export type { FinishStage, HeaderStage, QueryStage } from "./http/request-stages.ts";
export { RequestWriter, type RequestWriterOptions } from "./http/request-writer.ts";
export { type OwnedResponse, Response } from "./http/response.ts";
export type { Expectation, ResponseReaderOptions } from "./http/response-options.ts";
export { ResponseReader } from "./http/response-reader.ts";
export { RESPONSE_PLACES, ResponseWindow } from "./http/response-window.ts";
export { WriteBuffer } from "./write-buffer.ts";
export type { Assembly } from "./ws/assembly.ts";
export { CloseCode, isSendableCloseCode } from "./ws/close-code.ts";
export type { DeflateStream, DeflateWay, DeflateWindow } from "./ws/deflate-engine.ts";
export { extensionsOf, type WsExtension } from "./ws/deflate-extension.ts";
export { MessageDeflater } from "./ws/deflate-outgoing.ts";
export {
  answerDeflateOffers,
  type DeflateAnswer,
  type DeflateTerms,
  deflateOffer,
  judgeDeflateAnswer,
} from "./ws/deflate-terms.ts";
export type { HeaderRules } from "./ws/frame-header.ts";
export { FrameReader } from "./ws/frame-reader.ts";
export { FrameScout } from "./ws/frame-scout.ts";
export { FrameWriter, type FrameWriterOptions, type PayloadWriter } from "./ws/frame-writer.ts";
export { type MaskKeys, maskBytes } from "./ws/mask.ts";
export { Message, type MessageKind, type OwnedMessage, type ReceiptOf } from "./ws/message.ts";
export { COMPRESSED, Opcode, type Role } from "./ws/opcode.ts";
export type { FrameReaderOptions } from "./ws/reader-options.ts";
export type { ReceiveStamps } from "./ws/receive-stamps.ts";
export {
  judgeUpgrade,
  type UpgradeAsked,
  type UpgradeFault,
  type UpgradeFaultCode,
} from "./ws/upgrade-judgement.ts";
export { type UpgradeRequest, upgradeRequestText } from "./ws/upgrade-request.ts";
export {
  type UpgradeExpectation,
  type UpgradeOutcome,
  UpgradeResponseReader,
} from "./ws/upgrade-response.ts";
