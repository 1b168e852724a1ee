/** Multiples of this are answered late. */
export const SLOW = 500;

/** What answers request `number`: its number, a checksum, and as many bytes as that number says. */
export function bodyOf(number: number): string {
  const text = `${number},`.repeat(1 + (number % 97));
  return `${number} ${checksum(text, 0)} ${text}`;
}

/** True where `body` is whole, and answers request `number`. */
export function isAnswerTo(number: number, body: string): boolean {
  const [told, sum] = body.split(" ", 2);
  if (told === undefined || sum === undefined) return false;
  return told === String(number) && sum === String(checksum(body, told.length + sum.length + 2));
}

function checksum(text: string, start: number): number {
  let sum = 1;
  for (let index = start; index < text.length; index++) sum = (Math.imul(sum, 31) + text.charCodeAt(index)) | 0;
  return sum;
}
