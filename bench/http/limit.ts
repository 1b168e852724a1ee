import { dialBareClient } from "./bare-client.ts";
import { contendRequests } from "./contender.ts";

/** The limit: what Bun's sockets give anyone. */
await contendRequests(dialBareClient);
