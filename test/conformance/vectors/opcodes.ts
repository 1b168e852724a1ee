import { pattern } from "../../helpers/bytes.ts";
import { answered, continuation, echoed, failed, frame, ping, text } from "./build.ts";
import type { Section, Vector } from "./vector.ts";

const FAILED: readonly string[] = failed(1002, "WS_RESERVED_OPCODE");

/** RFC 6455 sections 5.2 and 11.8: opcodes 3 to 7 and 11 to 15 are reserved. */
export const OPCODES: readonly Section[] = [
  { id: "4.1", title: "Reserved opcodes of data frames", vectors: [3, 4, 5, 6, 7].flatMap(refusals) },
  { id: "4.2", title: "Reserved opcodes of control frames", vectors: [11, 12, 13, 14, 15].flatMap(refusals) },
];

function refusals(opcode: number): Vector[] {
  return [
    { why: `opcode ${opcode}, without a payload (section 5.2)`, script: [frame(opcode)], events: FAILED },
    {
      why: `opcode ${opcode}, with a payload (section 5.2)`,
      script: [frame(opcode, "reserved")],
      events: FAILED,
    },
    {
      why: `opcode ${opcode}, with a payload of 200 bytes (section 5.2)`,
      script: [frame(opcode, pattern(opcode < 8 ? 200 : 125))],
      events: FAILED,
    },
    {
      why: `opcode ${opcode} without FIN (section 5.2)`,
      script: [frame(opcode, "x", { fin: false })],
      events: FAILED,
    },
    {
      why: `opcode ${opcode} behind a message and a ping, before others (section 5.2)`,
      script: [text("Hello"), ping("p"), frame(opcode, "reserved"), text("after"), ping("after")],
      events: [...echoed("text", "Hello"), ...answered("p"), ...FAILED],
      chops: [0, 1, 2, 3, 5],
    },
    {
      why: `opcode ${opcode} between two fragments (section 5.2)`,
      script: [text("Hel", { fin: false }), frame(opcode, "reserved"), continuation("lo")],
      events: FAILED,
    },
    {
      why: `opcode ${opcode} is refused from its header (section 5.2)`,
      script: [frame(opcode, "reserved", { marks: [0] })],
      events: [...FAILED, "|"],
    },
  ];
}
