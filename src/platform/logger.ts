import { createLogger as createWinstonLogger, format, transports } from 'winston';
import type { Logger as WinstonLogger } from 'winston';

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

const LEVELS = { error: 0, warn: 1, info: 2, debug: 3 } as const satisfies Record<LogLevel, number>;
/** sd-daemon(3) priorities: journald reads them from the start of a line. */
const JOURNAL_PREFIX = { error: '<3>', warn: '<4>', info: '<6>', debug: '<7>' } as const satisfies Record<
  LogLevel,
  string
>;

export interface LogSettings {
  readonly level: LogLevel;
  /** `json` = one JSON object a line; `text` = for people (no time stamp when under journald: JOURNAL_STREAM set). */
  readonly format: 'json' | 'text';
}

/** A logger whose settings may change while it is in use; its children follow. */
export interface ConfigurableLogger extends Logger {
  configure(settings: LogSettings): void;
}

/**
 * Writes to standard output (or `stream`) only: rotation and retention are journald's business. Fields whose name
 * looks like a secret, and user information in URLs, are masked as a second line of defence.
 */
export function createLogger(
  options: LogSettings & { readonly stream?: NodeJS.WritableStream },
): ConfigurableLogger {
  const stream = options.stream ?? process.stdout;
  ignoreBrokenPipe(stream);
  const underJournal = options.stream === undefined && process.env.JOURNAL_STREAM !== undefined;
  const settings = { level: options.level, format: options.format };
  const backend = createWinstonLogger({
    // What is below the level in use never gets here.
    level: 'debug',
    levels: LEVELS,
    format: format.printf(({ level, message, fields }) => {
      const entry: Entry = { level: toLevel(level), message: String(message), fields: redact(fields) };
      return settings.format === 'json' ? formatJson(entry) : formatText(entry, underJournal);
    }),
    transports: [new transports.Stream({ stream, eol: '\n' })],
    exitOnError: false,
  });
  return new WinstonAdapter(backend, settings, {});
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class WinstonAdapter implements ConfigurableLogger {
  readonly #backend: WinstonLogger;
  /** Shared with all children. */
  readonly #settings: Mutable<LogSettings>;
  readonly #fields: LogFields;

  constructor(backend: WinstonLogger, settings: Mutable<LogSettings>, fields: LogFields) {
    this.#backend = backend;
    this.#settings = settings;
    this.#fields = fields;
  }

  configure({ level, format: lineFormat }: LogSettings): void {
    this.#settings.level = level;
    this.#settings.format = lineFormat;
  }

  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields);
  }

  isEnabled(level: LogLevel): boolean {
    return LEVELS[level] <= LEVELS[this.#settings.level];
  }

  child(fields: LogFields): Logger {
    return new WinstonAdapter(this.#backend, this.#settings, { ...this.#fields, ...fields });
  }

  #log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    // A call that winston drops still costs microseconds.
    if (!this.isEnabled(level)) return;
    this.#backend.log({ level, message, fields: { ...this.#fields, ...fields } });
  }
}

const guarded = new WeakSet<NodeJS.WritableStream>();

/** `cwmp-proxier … | head` closes our output: that ends the output, not the daemon. */
function ignoreBrokenPipe(stream: NodeJS.WritableStream): void {
  if (guarded.has(stream)) return;
  guarded.add(stream);
  stream.on('error', () => undefined);
}

interface Entry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

function toLevel(level: string): LogLevel {
  return level === 'error' || level === 'warn' || level === 'debug' ? level : 'info';
}

function formatJson({ level, message, fields }: Entry): string {
  // Our own names come last: a field must not be able to pass for them.
  return JSON.stringify({ ...fields, time: new Date().toISOString(), level, message });
}

function formatText({ level, message, fields }: Entry, underJournal: boolean): string {
  const start = underJournal
    ? JOURNAL_PREFIX[level]
    : `${new Date().toISOString()} ${level.toUpperCase().padEnd(5)} `;
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${formatTextValue(value)}`);
  return `${start}${escapeControls(message)}${pairs.join('')}`;
}

function formatTextValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return /^[^\s"=]+$/.test(text) || typeof value !== 'string' ? escapeControls(text) : JSON.stringify(text);
}

/** A device's name must not forge a line or move the reader's cursor. */
function escapeControls(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const SECRET_NAME = /password|secret|authorization|cookie/i;
const URL_USER_INFORMATION = /\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/@]{1,512}@/gi;
const MASK = '***';
const DEEPEST = 6;
const LONGEST_TEXT = 2000;

function redact(fields: unknown): LogFields {
  if (typeof fields !== 'object' || fields === null) return {};
  return redactRecord(fields, 0);
}

function redactRecord(record: object, depth: number): LogFields {
  const redacted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    if (value === undefined) continue;
    redacted[name] = SECRET_NAME.test(name) ? MASK : redactValue(value, depth + 1);
  }
  return redacted;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return redactText(describeError(value));
  if (value instanceof Date) return value.toJSON();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '…';
  if (Array.isArray(value)) return value.map((entry) => redactValue(entry, depth + 1));
  if (value instanceof Map || value instanceof Set) return redactValue([...value], depth);
  return redactRecord(value, depth);
}

function describeError(error: Error): string {
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.name}: ${error.message}${cause}`;
}

function redactText(text: string): string {
  const masked = text.replace(URL_USER_INFORMATION, `$1${MASK}@`);
  return masked.length > LONGEST_TEXT ? `${masked.slice(0, LONGEST_TEXT)}…` : masked;
}
