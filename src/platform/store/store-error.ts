/** A state file could not be used. The message names the path and the system's reason. */
export class StoreError extends Error {
  readonly path: string;

  constructor(what: string, path: string, cause: unknown) {
    super(`${what} ${path}: ${reasonOf(cause)}`, { cause });
    this.name = 'StoreError';
    this.path = path;
  }
}

/** True for a system error with this code, e.g. `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node repeats the path and the system call after the comma: the path is named already.
  return 'syscall' in cause ? (cause.message.split(',')[0] ?? cause.message) : cause.message;
}
