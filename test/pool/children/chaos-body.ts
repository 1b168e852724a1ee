/** What answers a request: its number often enough that a part of it, or of another one, is no answer. */
export function bodyOf(number: number | string): string {
  return `${number},`.repeat(1 + (Number(number) % 50));
}
