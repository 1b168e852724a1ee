import { latin1Bytes } from "./characters.ts";
import { isToken } from "./head.ts";
import { invalidName } from "./request-fields.ts";
import { type SpecialName, specialName } from "./special-names.ts";

/** A field's name as it is written. */
export interface FieldName {
  /** With colon and space behind it. */
  readonly bytes: Uint8Array;
  readonly special: SpecialName | null;
}

/** Throws `REQUEST_HEADER_INVALID` for what is no token (RFC 9110 section 5.1). */
export function fieldName(name: string): FieldName {
  if (!isToken(name)) throw invalidName(name);
  return { bytes: latin1Bytes(`${name}: `), special: specialName(name) };
}
