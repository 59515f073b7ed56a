import { Writable } from 'node:stream';
import { createLogger, type Logger } from '../../src/platform/logger.ts';

/** A log that can be read: one line for each entry, everything from debug on. */
export interface CapturedLog {
  readonly logger: Logger;
  readonly lines: readonly string[];
}

export function captureLog(): CapturedLog {
  let text = '';
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const parts = (text + chunk.toString('utf8')).split('\n');
      text = parts.pop() ?? '';
      lines.push(...parts);
      done();
    },
  });
  return { logger: createLogger({ level: 'debug', format: 'json', stream }), lines };
}
