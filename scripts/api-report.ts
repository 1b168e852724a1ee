/**
 * Compares the public API with the reports committed in `docs/api`, one for each entry of "exports". Refuses a public
 * name without documentation, and a public signature that mentions a type which its entry does not export. `--update`
 * rewrites the reports. Reads `types/`: run `bun run types:build` first.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  ExtractorMessageCategory,
} from "@microsoft/api-extractor";
import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dir, "..");
const update = process.argv.includes("--update");

let failed = false;
for (const [entry, target] of Object.entries(manifest.exports)) {
  if (typeof target === "string") continue;
  if (!reportMatches(entry === "." ? "index" : entry.slice("./".length), target.types)) failed = true;
}
if (failed) process.exit(1);

function reportMatches(name: string, declarations: string): boolean {
  const reportFolder = join(root, "docs", "api");
  mkdirSync(reportFolder, { recursive: true });
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, declarations),
      compiler: { tsconfigFilePath: join(root, "tsconfig.shipped.json") },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder,
        reportTempFolder: join(root, "temp"),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
          "ae-unresolved-link": { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
  });
  const result = Extractor.invoke(config, {
    localBuild: update,
    messageCallback: quieten,
  });
  if (result.apiReportChanged && !update) {
    console.error(
      `docs/api/${name}.api.md is not the API of the sources: run \`bun run api\`, read the change, commit it`,
    );
    const paths = [config.reportFilePath, config.reportTempFilePath];
    Bun.spawnSync({
      cmd: ["git", "diff", "--no-index", "--no-color", ...paths],
      stdio: ["ignore", "inherit", "inherit"],
    });
  }
  console.log(`${name}: ${result.succeeded ? "ok" : "failed"}`);
  return result.succeeded;
}

/** Keeps what the tool says of itself out of the output: its version, its bundled compiler, where it wrote. */
function quieten(message: ExtractorMessage): void {
  if (message.category === ExtractorMessageCategory.Console && message.logLevel !== ExtractorLogLevel.Error)
    message.handled = true;
}
