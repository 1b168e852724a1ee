/** The first Ctrl-C (or SIGTERM) ends in order, the second at once. Returns how to stop listening. */
export function onInterrupt(endInOrder: () => void): () => void {
  let count = 0;
  const onSignal = (): void => {
    if (++count > 1) process.exit(130);
    endInOrder();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return () => process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
}
