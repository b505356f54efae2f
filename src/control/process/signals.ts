// Signals → what the process does. Handlers are set for each, so that they work as PID 1 as well,
// where the kernel has no default action.

type SignalActions = {
  /** HUP */
  readonly reload: () => void;
  /** TERM, INT; a second one too */
  readonly stop: () => void;
  /** USR1 */
  readonly reopenLogs: () => void;
  /** USR2 */
  readonly upgrade: () => void;
};

export function onSignals({ reload, stop, reopenLogs, upgrade }: SignalActions): Disposable {
  const handlers: readonly (readonly [NodeJS.Signals, () => void])[] = [
    ["SIGHUP", reload],
    ["SIGTERM", stop],
    ["SIGINT", stop],
    ["SIGUSR1", reopenLogs],
    ["SIGUSR2", upgrade],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    },
  };
}
