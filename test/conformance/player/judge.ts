import type { Role } from "../../../src/codec/ws/opcode.ts";
import type { Group } from "../vectors/all.ts";
import { AS_SENT_AND_BYTEWISE, type Section, type Vector } from "../vectors/vector.ts";
import { conversationOf, difference, playInMemory } from "./play.ts";
import { PROGRAMS } from "./programs.ts";

const ROLES: readonly Role[] = ["client", "server"];

/** Plays a section in all its ways and renders what came of it: one row a vector. */
export async function judged({ id, title, vectors }: Section): Promise<string> {
  const rows: string[] = [];
  for (const [at, vector] of vectors.entries()) {
    const outcomes: string[] = [];
    for (const role of ROLES) outcomes.push(await outcome(vector, role));
    rows.push(`| ${id}.${at + 1} | ${vector.why.replaceAll("|", "\\|")} | ${outcomes.join(" | ")} |`);
  }
  return `${headingOf(id)} ${title}\n\n| case | rule | client | server |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

/** The committed results by the id of their section. */
export function committedSections(text: string): Map<string, string> {
  const sections = text.split(/^(?=### )/m).slice(1);
  return new Map(
    sections.map((section) => [
      section.slice(4, section.indexOf(" ", 4)),
      `${section.replace(/\n## [\s\S]*$/, "").trimEnd()}\n`,
    ]),
  );
}

export function rendered(groups: readonly Group[], results: ReadonlyMap<string, string>): string {
  const parts = groups.map(({ number, title, sections }) => {
    const tables = sections.map(({ id }) => results.get(id) ?? "");
    return `## ${number} ${title}\n\n${tables.join("\n")}`;
  });
  return `${PREFACE}\n${parts.join("\n")}`;
}

/** `strict 6`: as the vector says in six ways out of six. */
export async function outcome(vector: Vector, role: Role): Promise<string> {
  if (vector.role !== undefined && vector.role !== role) return "–";
  const conversation = conversationOf(vector, role);
  let ways = 0;
  const faults: string[] = [];
  for (const program of PROGRAMS.filter(({ roles }) => roles.includes(role))) {
    for (const chop of vector.chops ?? AS_SENT_AND_BYTEWISE) {
      ways++;
      const fault = difference(await playInMemory(conversation, program, chop), conversation.wanted);
      if (fault !== null) faults.push(`${program.name}${chop === 0 ? "" : ` in pieces of ${chop}`}: ${fault}`);
    }
  }
  if (faults.length === 0) return `strict ${ways}`;
  return `FAILED ${faults.length} of ${ways}: ${faults.join("; ").replaceAll("|", "\\|")}`;
}

function headingOf(id: string): string {
  return `### ${id}`;
}

const PREFACE = `# Conformance

Written by \`UPDATE_CONFORMANCE=1 bun test test/conformance\`, compared by the same without it: whatever changes here, for better or worse,
is committed. \`strict 6\`: as the vector says, to the byte and to the moment, in all six ways in which it was played (the codec alone, a
WsConnection, a WsStream; as the bytes were sent, and in pieces). A dash: the rule is the other end's.
`;
