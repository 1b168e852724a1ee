export interface KeptFrame {
  readonly compressed: boolean;
  readonly payload: Uint8Array;
}

/** Counts the frames of a stream by their headers, and keeps the first payloads where it is told to. */
export class FrameCounter {
  messages = 0;
  wireBytes = 0;
  kept: KeptFrame[] = [];
  #keeping = 0;
  #rest: Uint8Array = new Uint8Array(0);

  /** Counts from nothing, and keeps so many payloads. */
  begin(keeping: number): void {
    this.messages = 0;
    this.wireBytes = 0;
    this.kept = [];
    this.#keeping = keeping;
  }

  feed(chunk: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let pos = 0;
    for (;;) {
      const left = bytes.length - pos;
      const short = (bytes[pos + 1] ?? 0) & 0x7f;
      const masked = (bytes[pos + 1] ?? 0) >= 0x80;
      const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
      const header = 2 + extended + (masked ? 4 : 0);
      if (left < header) break;
      let length = extended === 0 ? short : 0;
      for (let at = 0; at < extended; at++) length = length * 256 + (bytes[pos + 2 + at] ?? 0);
      if (left < header + length) break;
      if (this.kept.length < this.#keeping) this.#keep(bytes.subarray(pos, pos + header + length), header, masked);
      this.messages++;
      this.wireBytes += header + length;
      pos += header + length;
    }
    this.#rest = bytes.slice(pos);
  }

  #keep(frame: Uint8Array, header: number, masked: boolean): void {
    const payload = frame.slice(header);
    const key = frame.subarray(header - 4, header);
    if (masked) for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (key[at & 3] ?? 0);
    this.kept.push({ compressed: ((frame[0] ?? 0) & RSV1) !== 0, payload });
  }
}

const RSV1 = 0x40;
