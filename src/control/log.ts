// The one log sink.

export type LogFields = Readonly<Record<string, unknown>>;

/** `event` is a stable word for machines (`listening`, `backend-down`), `message` is for people. */
export interface Log {
  debug(event: string, message: string, fields?: LogFields): void;
  info(event: string, message: string, fields?: LogFields): void;
  warn(event: string, message: string, fields?: LogFields): void;
  error(event: string, message: string, fields?: LogFields): void;
}
