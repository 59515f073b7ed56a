// STUB written as the contract; the implementation (winston adapter createLogger) is added to this file.
export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Structured log. Messages are constant sentences; what varies goes into fields. Secrets never go in. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** Ask before building costly debug fields. */
  isEnabled(level: LogLevel): boolean;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

/** Drops everything. */
export const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  isEnabled: () => false,
  child: () => silentLogger,
};

export declare function createLogger(options: {
  level: LogLevel;
  /** `json` = one JSON object a line; `text` = for people (no time stamp when under journald: JOURNAL_STREAM set). */
  format: 'json' | 'text';
  stream?: NodeJS.WritableStream;
}): Logger;
