import { FrameReader } from "./frame-reader.ts";
import { FrameWalk } from "./frame-walk.ts";
import type { MessageSink } from "./message-sink.ts";
import type { FrameReaderOptions } from "./reader-options.ts";

/** A {@link FrameReader} that can also push what lies in its ring: a call for many messages. */
export class PushingReader extends FrameReader {
  private readonly walk: FrameWalk;

  constructor(options: FrameReaderOptions) {
    super(options);
    this.walk = new FrameWalk(this.rules, this.stamps);
  }

  /**
   * Hands the plain frames that lie in the ring to `sink`, until one is not plain, no whole one is left, or the sink is closed; true unless it
   * was. Meanwhile nothing may be read, but all may be forgotten by {@link reset}.
   */
  push(sink: MessageSink): boolean {
    const { ring, walk, end: start } = this;
    const { tail } = ring;
    if (!this.fast || tail - start < 4) return true;
    this.end = tail;
    try {
      return walk.run(this.bytes, start, tail, sink);
    } finally {
      if (ring.tail === tail) this.end = walk.position;
    }
  }
}
