/** Whether `NEXUS_DEBUG=1` asks readers to check that what they lend is not kept. A page has no environment. */
export function debugByEnvironment(): boolean {
  const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
  return environment?.["NEXUS_DEBUG"] === "1";
}
