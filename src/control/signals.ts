// Signals → what the process does. Handlers are set for each, so that they work as PID 1 as well,
// where the kernel has no default action.

export type SignalActions = {
  /** HUP */
  readonly reload: () => void;
  /** TERM, INT; a second one too */
  readonly stop: () => void;
  /** USR1 */
  readonly reopenLogs: () => void;
};

export function onSignals({ reload, stop, reopenLogs }: SignalActions): Disposable {
  const handlers: readonly (readonly [NodeJS.Signals, () => void])[] = [
    ["SIGHUP", reload],
    ["SIGTERM", stop],
    ["SIGINT", stop],
    ["SIGUSR1", reopenLogs],
    // Kept for the upgrade to come: what is not there yet must not end a process that serves.
    ["SIGUSR2", () => {}],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    },
  };
}
