/** Lets everything that is due in this turn of the event loop, and the next, happen. */
export async function turn(): Promise<void> {
  for (let count = 0; count < 3; count++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until `condition` holds. Where it never does it throws: a loop must not outlive its test. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + IN_VAIN;
  while (!condition()) {
    if (performance.now() > end) throw inVain("a condition to hold");
    await Bun.sleep(1);
  }
}

/** Turns until `condition` holds, doing `meanwhile` before each turn; throws as {@link until} does. */
export async function turnUntil(what: string, condition: () => boolean, meanwhile?: () => void): Promise<void> {
  const end = performance.now() + IN_VAIN;
  while (!condition()) {
    if (performance.now() > end) throw inVain(what);
    meanwhile?.();
    await turn();
  }
}

/** What `promise` gives; throws where it does not settle. */
export async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(inVain(what)), IN_VAIN);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

function inVain(what: string): Error {
  return new Error(`Waited in vain for ${what}: ${IN_VAIN} ms`);
}

/** Milliseconds: far more than anything takes that is going to happen. */
const IN_VAIN = 30_000;
