/**
 * Compares the public API with the reports committed in `docs/api`, one for each entry of "exports". Refuses an
 * export without documentation, and a signature that mentions a type which `index.ts` does not export (a layer's entry
 * leaves the types of other layers to theirs). `--update` rewrites the reports. Reads what `bun run types:build` wrote.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  CompilerState,
  Extractor,
  type ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  ExtractorMessageCategory,
  ExtractorMessageId,
} from "@microsoft/api-extractor";
import { ENTRIES, extractorConfig, ROOT } from "./extractor.ts";

const update = process.argv.includes("--update");
const reportFolder = join(ROOT, "docs", "api");
mkdirSync(reportFolder, { recursive: true });

const configs = ENTRIES.map(({ name, raw }) => {
  const reportTempFolder = join(ROOT, "temp", "api");
  const apiReport = { enabled: true, reportFileName: `${name}.api.md`, reportFolder, reportTempFolder };
  return { name, config: extractorConfig(raw, { apiReport }) };
});
const [first] = configs;
if (first === undefined) throw new Error("Cannot report the API: package.json has no entry with types");
const compilerState = CompilerState.create(first.config, { additionalEntryPoints: ENTRIES.map(({ raw }) => raw) });
const failed = configs.filter(({ name, config }) => !reportMatches(name, config, compilerState));
if (failed.length > 0) process.exit(1);

function reportMatches(name: string, config: ExtractorConfig, compilerState: CompilerState): boolean {
  const messageCallback = (message: ExtractorMessage) => {
    if (isTalk(message)) message.handled = true;
    if (isMember(message) || (name !== "index" && isOfAnotherLayer(message))) message.logLevel = ExtractorLogLevel.None;
  };
  const result = Extractor.invoke(config, { localBuild: update, compilerState, messageCallback });
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

/** What the tool says of itself. */
function isTalk(message: ExtractorMessage): boolean {
  return message.category === ExtractorMessageCategory.Console && message.logLevel !== ExtractorLogLevel.Error;
}

/** A member without documentation may have that of an interface or speak for itself; the report marks it. */
function isMember(message: ExtractorMessage): boolean {
  return message.messageId === ExtractorMessageId.Undocumented && (message.sourceFileColumn ?? 1) > 1;
}

function isOfAnotherLayer(message: ExtractorMessage): boolean {
  return message.messageId === ExtractorMessageId.ForgottenExport;
}
