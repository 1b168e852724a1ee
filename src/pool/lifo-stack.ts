/** A stack of at most `capacity` items whose memory is there from the start. What is taken is let go of. */
export class LifoStack<T extends object> {
  /** 0 <= length <= capacity */
  length = 0;
  private readonly items: (T | null)[];

  constructor(capacity: number) {
    this.items = new Array<T | null>(capacity).fill(null);
  }

  push(item: T): void {
    this.items[this.length++] = item;
  }

  /** The item that was pushed last, or null. */
  pop(): T | null {
    const top = this.length - 1;
    if (top < 0) return null;
    const { items } = this;
    const item = items[top] as T;
    items[top] = null;
    this.length = top;
    return item;
  }

  /** Takes out the first item, from the bottom, that `wanted` says yes to; null where there is none. */
  remove(wanted: (item: T) => boolean): T | null {
    const { items } = this;
    const index = items.findIndex((item) => item !== null && wanted(item));
    if (index < 0) return null;
    const item = items[index] ?? null;
    items.copyWithin(index, index + 1, this.length);
    items[--this.length] = null;
    return item;
  }
}
