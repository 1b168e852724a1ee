/** A process in which an {@link Agent} holds connections of the spin backend; it is told over IPC, one thing after the other. */
import { Agent, type Verb } from "./agent.ts";
import { spinMeans } from "./spin-means.ts";
import { toldBy } from "./told.ts";

const agent = new Agent(spinMeans);

process.on("message", async ({ id, verb, args }: { id: number; verb: Verb; args: readonly unknown[] }) => {
  const act = agent[verb] as (...args: readonly unknown[]) => Promise<unknown>;
  try {
    process.send?.({ id, value: await act.apply(agent, args as unknown[]) });
  } catch (error) {
    process.send?.({ id, told: toldBy(error) });
  }
});
process.send?.({ id: 0 });
