/** True where both have the same bytes. Where the engine has Node's `Buffer` its `equals` looks at them, else a loop. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (equals !== null) return equals.call(one, other);
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

const equals: ((this: Uint8Array, other: Uint8Array) => boolean) | null =
  (globalThis as { Buffer?: { prototype: { equals?: (this: Uint8Array, other: Uint8Array) => boolean } } }).Buffer
    ?.prototype.equals ?? null;
