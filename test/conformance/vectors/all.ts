import { CLOSING } from "./closing.ts";
import { COMPRESSION, COMPRESSION_PARAMETERS } from "./compression.ts";
import { FRAGMENTATION } from "./fragments.ts";
import { FRAMING } from "./framing.ts";
import { LIMITS } from "./limits.ts";
import { MISC } from "./misc.ts";
import { OPCODES } from "./opcodes.ts";
import { PINGS } from "./pings.ts";
import { RESERVED_BITS } from "./reserved.ts";
import { UTF8 } from "./utf8.ts";
import type { Section } from "./vector.ts";

/** The groups, numbered as the public suite for WebSocket implementations numbers its own; sections and vectors are ours. */
export interface Group {
  readonly number: number;
  readonly title: string;
  readonly sections: readonly Section[];
}

export const GROUPS: readonly Group[] = [
  { number: 1, title: "Framing", sections: FRAMING },
  { number: 2, title: "Pings and pongs", sections: PINGS },
  { number: 3, title: "Reserved bits", sections: RESERVED_BITS },
  { number: 4, title: "Opcodes", sections: OPCODES },
  { number: 5, title: "Fragmentation", sections: FRAGMENTATION },
  { number: 6, title: "UTF-8 handling", sections: UTF8 },
  { number: 7, title: "Close handling", sections: CLOSING },
  { number: 9, title: "Limits and sizes", sections: LIMITS },
  { number: 10, title: "Miscellaneous", sections: MISC },
  { number: 12, title: "Compression: messages", sections: COMPRESSION },
  { number: 13, title: "Compression: parameters", sections: COMPRESSION_PARAMETERS },
];
