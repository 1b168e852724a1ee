/**
 * Compares what each entry weighs with the table committed in `docs/bundle-size.md`: another size by more than
 * {@link TOLERANCE}, or other layers or imports, fail. `--update` rewrites the table.
 */
import { join } from "node:path";
import { type Bundle, bundle } from "./bundle.ts";
import { ENTRIES, ROOT } from "./extractor.ts";

/** As a share: a line more or less needs no new table, a dependency does. `docs/bundle-size.md` says it, too. */
const TOLERANCE = 0.02;
const PAGE = join(ROOT, "docs", "bundle-size.md");
const HEAD = "| entry | minified | gzipped | layers in it | imports |\n| --- | --- | --- | --- | --- |";
const TABLE = /(<!-- sizes: begin\b.* -->\n)[\s\S]*(<!-- sizes: end -->)/;

const bundles = await Promise.all(ENTRIES.map(bundle));
const page = await Bun.file(PAGE).text();
if (!TABLE.test(page)) throw new Error(`Cannot read ${PAGE}: the marks of its table are missing`);

if (process.argv.includes("--update")) {
  const table = bundles.map(row).join("\n");
  await Bun.write(PAGE, page.replace(TABLE, `$1\n${HEAD}\n${table}\n\n$2`));
} else {
  const differences = bundles.flatMap((one) => differencesOf(one, committedRow(one.name)));
  for (const difference of differences) console.error(difference);
  if (differences.length > 0) {
    console.error("docs/bundle-size.md is not what the entries weigh: run `bun run sizes`, read the change, commit it");
    process.exit(1);
  }
}
for (const { name, minified, gzipped } of bundles) console.log(`${name}: ${minified} bytes, gzipped ${gzipped}`);

function differencesOf({ name, minified, gzipped, layers, imports }: Bundle, cells: readonly string[]): string[] {
  const [, minifiedThen = "", gzippedThen = "", layersThen, importsThen] = cells;
  const differences: string[] = [];
  for (const [what, now, then] of [
    ["minified", minified, bytesIn(minifiedThen)],
    ["gzipped", gzipped, bytesIn(gzippedThen)],
  ] as const) {
    if (Number.isNaN(then) || Math.abs(now - then) > then * TOLERANCE) {
      differences.push(`${name}: ${now} bytes ${what} where the table has ${then}`);
    }
  }
  for (const [what, now, then] of [
    ["layers", layers, layersThen],
    ["imports", imports, importsThen],
  ] as const) {
    if (listed(now) !== then) differences.push(`${name}: ${what} are ${listed(now)} where the table has ${then}`);
  }
  return differences;
}

/** The cells of an entry's row as they are committed; none where it has no row. */
function committedRow(name: string): readonly string[] {
  const line = page.split("\n").find((text) => text.startsWith(`| \`${specifier(name)}\` |`)) ?? "";
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function row({ name, minified, gzipped, layers, imports }: Bundle): string {
  const sizes = [minified, gzipped].map((size) => size.toLocaleString("en"));
  return `| \`${specifier(name)}\` | ${sizes.join(" | ")} | ${listed(layers)} | ${listed(imports)} |`;
}

function specifier(name: string): string {
  return name === "index" ? "nexus-async-net" : `nexus-async-net/${name}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.map((name) => `\`${name}\``).join(", ");
}

function bytesIn(cell: string): number {
  return cell === "" ? Number.NaN : Number(cell.replaceAll(",", ""));
}
