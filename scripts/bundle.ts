import { join, relative } from "node:path";
import { type Entry, ROOT } from "./extractor.ts";

/** An entry bundled and minified whole, as a program has it that uses everything of it. */
export interface Bundle {
  readonly name: string;
  readonly text: string;
  /** Bytes. */
  readonly minified: number;
  /** Bytes, by gzip at its strongest. */
  readonly gzipped: number;
  /** Folders of `src` whose files are in it. */
  readonly layers: readonly string[];
  /** Modules that it leaves to who runs it. */
  readonly imports: readonly string[];
}

/** The codec is bundled for a page, which has no modules of its own; what the others import only Bun has. */
export async function bundle({ name, source }: Entry): Promise<Bundle> {
  const target = name === "codec" ? "browser" : "bun";
  const built = await Bun.build({ entrypoints: [join(ROOT, source)], target, minify: true, metafile: true });
  const text = (await built.outputs[0]?.text()) ?? "";
  const inputs = Object.entries(built.metafile?.inputs ?? {});
  if (text === "" || inputs.length === 0) throw new Error(`Cannot bundle ${source}: there is no output`);
  const files = inputs.map(([path]) => relative(ROOT, join(process.cwd(), path)));
  const external = inputs.flatMap(([, { imports }]) => imports.filter((one) => one.external === true));
  const bytes = Buffer.from(text);
  return {
    name,
    text,
    minified: bytes.length,
    gzipped: Bun.gzipSync(bytes, { level: 9 }).length,
    layers: unique(files.flatMap((path) => /^src\/(\w+)\//.exec(path)?.[1] ?? [])),
    imports: unique(external.map(({ original, path }) => original ?? path)),
  };
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
