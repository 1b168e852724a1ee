import { join } from "node:path";
import { ExtractorConfig, ExtractorLogLevel, type IConfigFile } from "@microsoft/api-extractor";
import manifest from "../package.json" with { type: "json" };

/** One of "exports" with types: what a user imports, the source that runs, and the declarations that are shipped. */
export interface Entry {
  readonly name: string;
  readonly source: string;
  readonly shipped: string;
  /** The declarations that the compiler made of the source, before the shipped ones are made of all. */
  readonly raw: string;
}

export const ROOT: string = join(import.meta.dir, "..");
/** Where the compiler writes the declarations of every file. */
export const RAW_TYPES: string = join(ROOT, "temp", "types");

export const ENTRIES: readonly Entry[] = Object.entries(manifest.exports).flatMap(([path, target]) => {
  if (typeof target === "string") return [];
  const raw = join(RAW_TYPES, target.default.replace(/\.ts$/, ".d.ts"));
  return [
    {
      name: path === "." ? "index" : path.slice("./".length),
      source: target.default,
      shipped: join(ROOT, target.types),
      raw,
    },
  ];
});

/** The settings of API Extractor for one entry; `outputs` says what it writes, by default nothing. */
export function extractorConfig(declarations: string, outputs: Partial<IConfigFile>): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: declarations,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "ES2022",
            lib: ["ESNext", "DOM"],
            module: "NodeNext",
            types: [],
            skipLibCheck: true,
          },
          files: [declarations],
        },
      },
      apiReport: { enabled: false, reportFileName: "unused.api.md" },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        // Our own compiler has checked the sources, and checks what is shipped.
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
          "ae-unresolved-link": { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
      ...outputs,
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, "package.json"),
  });
}
