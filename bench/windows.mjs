// For contenders under Bun and under Node alike: plain JavaScript, because Node 20 reads no TypeScript.

/** Resolves when this program is given its next window: it says that it is ready, and waits for a line. */
export function nextWindow() {
  return new Promise((resolve) => {
    process.stdin.once("data", () => {
      process.stdin.pause();
      resolve();
    });
    process.stdin.resume();
    process.stdout.write("ready\n");
  });
}

/** The mean of the windows' medians: each lies in a quick or a slow time of the machine, and the mean holds both by their share. */
export function meanOf(medians) {
  return medians.reduce((sum, one) => sum + one, 0) / medians.length;
}
