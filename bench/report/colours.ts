import type { Side } from "./names.ts";

/** What is ours, the limits, and the others; to be told apart by who sees no red or green, too. */
export const COLOURS: Readonly<Record<Side, string>> = { ours: "#1763c7", limit: "#777777", rival: "#d5720b" };

export const FONT = "system-ui, sans-serif";
