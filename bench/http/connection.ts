import { contendRequests } from "./contender.ts";
import { dialOurClient } from "./our-client.ts";

await contendRequests(dialOurClient);
