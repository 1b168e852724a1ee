import { Stopwatch } from "../contenders/contender.ts";
import { BOOKS } from "./books.ts";

/**
 * What every contender does, in either role: it obeys the text messages of the peer, which drives and judges it.
 *
 * - `!receive`: counts texts until `!end`, and answers with a {@link Receipt}
 * - `!send COUNT WINDOW`: sends the first {@link BOOKS} texts it ever got over and over, two windows of them, and one more for each `!more`; at `!end` it
 *   answers with a {@link Receipt}
 * - `!bye RESULT`: prints the result and ends
 * - any other: counted, or kept
 */
export class Puppet {
  readonly #send: (text: string) => void;
  readonly #together: (sends: () => void) => void;
  readonly #books: string[] = [];
  #receipt: Receipt = { messages: 0, characters: 0, wall: 0, cpu: 0 };
  #stopwatch: Stopwatch = new Stopwatch();
  #left = 0;
  #window = 0;
  #next = 0;

  /** `send` sends one text message, compressed where it has 512 bytes or more; `together` runs what sends a window. */
  constructor(send: (text: string) => void, together: (sends: () => void) => void = (sends) => sends()) {
    this.#send = send;
    this.#together = together;
  }

  take(text: string): void {
    if (text.charCodeAt(0) === COMMAND) {
      this.#obey(text.split(" "));
      return;
    }
    if (this.#books.length < BOOKS) this.#books.push(text);
    this.#receipt.messages++;
    this.#receipt.characters += text.length;
  }

  #obey([command, ...words]: string[]): void {
    if (command === "!more") this.#together(() => this.#sendWindow());
    else if (command === "!end") this.#tell();
    else if (command === "!receive") this.#begin(0, 0);
    else if (command === "!send") {
      this.#begin(Number(words[0]), Number(words[1]));
      this.#sendWindow();
      this.#sendWindow();
    } else if (command === "!bye") {
      console.log(words.join(" "));
      process.exit(0);
    }
  }

  #begin(count: number, window: number): void {
    this.#left = count;
    this.#window = window;
    this.#receipt = { messages: 0, characters: 0, wall: 0, cpu: 0 };
    this.#stopwatch = new Stopwatch();
  }

  #sendWindow(): void {
    const count = Math.min(this.#left, this.#window);
    this.#left -= count;
    for (let sent = 0; sent < count; sent++) {
      this.#send(this.#books[this.#next] ?? "");
      this.#next = (this.#next + 1) % BOOKS;
    }
  }

  #tell(): void {
    this.#send(JSON.stringify({ ...this.#receipt, ...this.#stopwatch.stop() }));
  }
}

/** What a contender has to say of a run: texts that came, the time by the clock, and that of its process on a CPU; both in nanoseconds. */
export interface Receipt {
  messages: number;
  characters: number;
  wall: number;
  cpu: number;
}

const COMMAND = 0x21;
