/** A fenced block and the line of its fence, counted from 1. */
export interface Block {
  readonly line: number;
  readonly text: string;
}

/** The fenced blocks in `language`. */
export function blocksOf(page: string, language: string): Block[] {
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, named]) => named === language)
    .map(({ index, 2: text = "" }) => ({ line: page.slice(0, index).split("\n").length, text }));
}

/** Whether a block is a program that stands alone, not an excerpt. */
export function isScript(text: string): boolean {
  return /^import /m.test(text);
}

/** What the page links to within the repository: links, images, and definitions of references. */
export function relativeLinks(page: string): string[] {
  const text = withoutBlocks(page).replace(/`[^`\n]*`/g, "");
  const targets = [
    /\]\(<?([^()\s>]+)[^()]*\)/g,
    /^\[[^\]]+\]:\s*(\S+)/gm,
    /<(?:img|a|source)\b[^>]*?\b(?:src|srcset|href)="([^"]+)"/g,
  ]
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .map(([, target = ""]) => target);
  return targets.filter((target) => !/^\w+:/.test(target));
}

/** The anchors that GitHub gives to the page's headings. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutBlocks(page).matchAll(/^#{1,6} (.*)$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = text.replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function withoutBlocks(page: string): string {
  return page.replace(/^```\w*\n[\s\S]*?^```$/gm, "");
}

/** The rows of every table below the heading, up to the next one of its level or above, as cells; heads and rules left out. */
export function rowsBelow(page: string, heading: string): string[][] {
  const lines = withoutBlocks(page).split("\n");
  const from = lines.indexOf(heading);
  if (from < 0) throw new Error(`Cannot find heading: ${heading}`);
  const level = heading.indexOf(" ");
  const rest = lines.slice(from + 1);
  const to = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= level);
  const section = to < 0 ? rest : rest.slice(0, to);
  return section
    .filter(
      (line, at) =>
        line.startsWith("|") && !/^\|[\s|:-]+\|$/.test(line) && !/^\|[\s|:-]+\|$/.test(section[at + 1] ?? ""),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll("\\|", "|")),
    );
}
