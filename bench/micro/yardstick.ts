import { expectCount, type MicroCase } from "./case.ts";

/**
 * A loop of arithmetic that touches nothing of the library: what the machine is worth at the time. The other cases of its group, measured in the
 * same round, are divided by it where two runs are compared.
 */
export const YARDSTICK: MicroCase = {
  name: "yardstick",
  items: 1,
  prepare() {
    return () => {
      let state = 1;
      for (let i = 0; i < STEPS; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
      }
      expectCount("state of the generator", state, FINAL_STATE);
    };
  },
};

const STEPS = 1_000;
const FINAL_STATE = 269958183;
