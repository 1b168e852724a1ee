// What puppet.ts does, in plain JavaScript, because Node 20 reads no TypeScript.
export class Puppet {
  #send;
  #books = [];
  #receipt = { messages: 0, characters: 0 };
  #started = 0;
  #usage;
  #left = 0;
  #window = 0;
  #next = 0;

  constructor(send) {
    this.#send = send;
  }

  take(text) {
    if (text.charCodeAt(0) === 0x21) {
      this.#obey(text.split(" "));
      return;
    }
    if (this.#books.length < 100) this.#books.push(text);
    this.#receipt.messages++;
    this.#receipt.characters += text.length;
  }

  #obey([command, ...words]) {
    if (command === "!more") this.#sendWindow();
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

  #begin(count, window) {
    this.#left = count;
    this.#window = window;
    this.#receipt = { messages: 0, characters: 0 };
    this.#usage = process.cpuUsage();
    this.#started = performance.now();
  }

  #sendWindow() {
    const count = Math.min(this.#left, this.#window);
    this.#left -= count;
    for (let sent = 0; sent < count; sent++) {
      this.#send(this.#books[this.#next]);
      this.#next = (this.#next + 1) % 100;
    }
  }

  #tell() {
    const wall = (performance.now() - this.#started) * 1e6;
    const { user, system } = process.cpuUsage(this.#usage);
    this.#send(JSON.stringify({ ...this.#receipt, wall, cpu: (user + system) * 1_000 }));
  }
}
