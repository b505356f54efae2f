// Waits for what gives no event: polls until it holds, or fails with words at a deadline.

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
      throw new Error(`still not so after ${deadlineMs} ms: ${what}; last: ${String(value)}`);
    }
    await Bun.sleep(20);
  }
}
