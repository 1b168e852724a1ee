import { writeSync } from "node:fs";

/**
 * A block of lines at the bottom of the terminal that is drawn over in place: the cursor goes back up and each line
 * clears its own rest, so nothing flickers and the scrollback stays as it is.
 */
export class Screen implements Disposable {
  readonly #rows: () => number;
  readonly #write: (text: string) => void;
  readonly #restoreAtExit = (): void => this[Symbol.dispose]();
  #drawn = 0;
  #isOpen = false;

  /** `rows` tells the terminal's height now. */
  constructor(rows: () => number, write: (text: string) => void = writeTerminal) {
    this.#rows = rows;
    this.#write = write;
  }

  draw(lines: readonly string[]): void {
    // A line too many would scroll, and the cursor could not go back to the first.
    const shown = lines.slice(0, Math.max(1, this.#rows() - 1));
    let frame = "";
    if (!this.#isOpen) {
      this.#isOpen = true;
      process.once("exit", this.#restoreAtExit);
      frame += HIDE_CURSOR + NO_WRAP;
    }
    if (this.#drawn > 0) frame += `\x1b[${this.#drawn}A\r`;
    for (const line of shown) frame += `${line}${CLEAR_REST_OF_LINE}\n`;
    frame += CLEAR_BELOW;
    this.#drawn = shown.length;
    this.#write(frame);
  }

  /** Gives the terminal back as it was, below the last frame. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.removeListener("exit", this.#restoreAtExit);
    this.#write(WRAP + SHOW_CURSOR);
  }
}

/** Whole and at once, also while the process exits. A terminal that is gone is no error of ours. */
function writeTerminal(text: string): void {
  try {
    writeSync(process.stdout.fd, text);
  } catch {}
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const NO_WRAP = "\x1b[?7l";
const WRAP = "\x1b[?7h";
const CLEAR_REST_OF_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
