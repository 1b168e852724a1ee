// For contenders under Bun and under Node alike: plain JavaScript, because Node 20 reads no TypeScript.
import hdr from "hdr-histogram-js";

/**
 * Times `run` in `windows` windows: it records the nanoseconds of each round trip in the histogram that it is given. Where there is more than one
 * window, each begins when this program is told. `p50` is the mean of the windows' medians: each lies in a quick or a slow time of the
 * machine, and the mean holds both by their share.
 */
export async function timeInWindows(windows, run) {
  const precision = {
    lowestDiscernibleValue: 1,
    highestTrackableValue: 10_000_000_000,
    numberOfSignificantValueDigits: 3,
  };
  const all = hdr.build(precision);
  const window = hdr.build(precision);
  let medians = 0;
  let wall = 0;
  let cpu = 0;
  await inWindows(windows, async () => {
    window.reset();
    const before = process.cpuUsage();
    const begun = performance.now();
    await run(window);
    wall += performance.now() - begun;
    const { user, system } = process.cpuUsage(before);
    cpu += user + system;
    medians += window.getValueAtPercentile(50);
    all.add(window);
  });
  return {
    p50: medians / windows / 1_000,
    p99: all.getValueAtPercentile(99) / 1_000,
    p999: all.getValueAtPercentile(99.9) / 1_000,
    perSecond: (all.totalCount / wall) * 1_000,
    cpu: cpu / all.totalCount,
  };
}

/**
 * Runs `run` in each of `windows` windows, the next when this program is told where there is more than one. Where whoever tells it is gone,
 * the process ends.
 */
export async function inWindows(windows, run) {
  if (windows > 1) process.stdin.once("end", () => process.exit(1));
  for (let left = windows; left > 0; left--) {
    if (windows > 1) await nextWindow();
    await run();
  }
}

/** Says that this program is ready for its next window, and waits for a line. */
function nextWindow() {
  return new Promise((resolve) => {
    process.stdin.once("data", () => {
      process.stdin.pause();
      resolve();
    });
    process.stdin.resume();
    process.stdout.write("ready\n");
  });
}
