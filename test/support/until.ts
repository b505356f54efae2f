// Waits for what gives no event: polls until it holds, or fails with words at a deadline.

/** Asked for what they know when a wait was in vain: what a test has started and can't be seen from here. */
export const witnesses = new Set<() => Promise<string>>();

/** Polls `check` until it gives something truthy, and returns that. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  deadlineMs = 15_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadline) {
      const told = await Promise.all([...witnesses].map((tell) => tell()));
      const last = `${what}; last: ${String(value)}`;
      throw new Error([`still not so after ${deadlineMs} ms: ${last}`, ...told].join("\n"));
    }
    await Bun.sleep(20);
  }
}
