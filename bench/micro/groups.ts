import type { MicroCase } from "./case.ts";
import { deflate } from "./deflate.ts";
import { encoding } from "./encoding.ts";
import { frameReading } from "./frame-reading.ts";
import { handshake } from "./handshake.ts";
import { http } from "./http.ts";
import { mask } from "./mask.ts";
import { utf8 } from "./utf8.ts";
import { YARDSTICK } from "./yardstick.ts";

const GROUPS: Readonly<Record<string, () => readonly MicroCase[]>> = {
  "frame-reading": frameReading,
  encoding,
  mask,
  utf8,
  handshake,
  deflate,
  http,
};

/** Each group, with the yardstick in front. */
export const MICRO_GROUPS: Readonly<Record<string, () => readonly MicroCase[]>> = Object.fromEntries(
  Object.entries(GROUPS).map(([name, cases]) => [name, () => [YARDSTICK, ...cases()]]),
);
