/** Resolves when this program is given its next window: it says that it is ready, and waits for a line. */
export declare function nextWindow(): Promise<void>;
/** The mean of the windows' medians: each lies in a quick or a slow time of the machine, and the mean holds both by their share. */
export declare function meanOf(medians: readonly number[]): number;
