export type { BodySource } from "./body-sender.ts";
export { HttpConnection } from "./connection.ts";
export { contentDecoders } from "./decoders.ts";
export { RequestError, type RequestErrorCode, type RequestProgress } from "./errors.ts";
export type { HttpOptions, SendOptions } from "./options.ts";
export { CompleteResponse, type RequestInit, request } from "./request.ts";
export type { HttpState } from "./state.ts";
