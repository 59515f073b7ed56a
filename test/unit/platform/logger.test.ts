import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';

import { createLogger } from '../../../src/platform/logger.ts';
import type { ConfigurableLogger, LogLevel } from '../../../src/platform/logger.ts';

function capture(
  level: LogLevel,
  format: 'json' | 'text',
): { logger: ConfigurableLogger; lines: () => string[] } {
  const stream = new PassThrough();
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return {
    logger: createLogger({ level, format, stream }),
    lines: () => text.split('\n').filter((line) => line !== ''),
  };
}

describe('logger', () => {
  it('masks secrets wherever they are', () => {
    const { logger, lines } = capture('info', 'json');
    logger.child({ acsPassword: 'p1' }).info('message', {
      headers: { Authorization: 'Basic p2', 'set-cookie': ['p3'] },
      list: [{ sharedSecret: 'p4' }],
      url: 'https://user:p5@acs.example/path',
      error: new Error('cannot reach http://user:p6@acs.example/'),
      map: new Map([['clientSecret', 1]]),
      kept: 'value',
    });
    expect(lines()[0]).not.to.match(/p[1-6]/);
    const entry: unknown = JSON.parse(lines()[0] ?? '');
    expect(entry).to.include({
      level: 'info',
      message: 'message',
      url: 'https://***@acs.example/path',
      kept: 'value',
      error: 'Error: cannot reach http://***@acs.example/',
    });
  });

  it('drops what is below its level and says so', () => {
    const { logger, lines } = capture('warn', 'text');
    logger.info('no');
    logger.debug('no');
    logger.warn('yes');
    logger.error('yes');
    expect(lines()).to.have.length(2);
    expect(
      ['error', 'warn', 'info', 'debug'].map((level) => logger.isEnabled(level as LogLevel)),
    ).to.deep.equal([true, true, false, false]);
  });

  it('keeps one message on one line of text', () => {
    const { logger, lines } = capture('info', 'text');
    logger.info('device', { name: 'a\nb\u001b[2J', empty: '', number: 5, list: ['x y'] });
    expect(lines()).to.have.length(1);
    expect(lines()[0]).to.match(
      /^\S+Z INFO {2}device name="a\\nb\\u001b\[2J" empty="" number=5 list=\["x y"\]$/,
    );
  });

  it('survives circular, deep and odd fields', () => {
    const { logger, lines } = capture('info', 'json');
    const circle: Record<string, unknown> = { big: 10n, long: 'x'.repeat(5000) };
    circle.self = circle;
    logger.info('odd', { circle, level: 'fake', symbol: Symbol('s'), call: () => 1 });
    const entry: unknown = JSON.parse(lines()[0] ?? '');
    expect(entry).to.include({ level: 'info', message: 'odd' });
    expect(lines()[0]?.length).to.be.below(20_000);
  });

  it('takes another level and format while it is in use, and so do its children', () => {
    const { logger, lines } = capture('warn', 'text');
    const child = logger.child({ part: 'child' });
    child.debug('before');
    logger.configure({ level: 'debug', format: 'json' });
    child.debug('after');
    expect(child.isEnabled('debug')).to.equal(true);
    logger.configure({ level: 'error', format: 'json' });
    child.warn('too low now');
    expect(lines().map((line) => JSON.parse(line) as unknown)).to.have.length(1);
    expect(JSON.parse(lines()[0] ?? '')).to.include({ level: 'debug', message: 'after', part: 'child' });
  });

  it('outlives the reader of its output', async () => {
    const script = `
      const { createLogger } = await import(${JSON.stringify(new URL('../../../src/platform/logger.ts', import.meta.url).href)});
      const logger = createLogger({ level: 'info', format: 'text' });
      logger.info('first');
      let count = 0;
      const timer = setInterval(() => { logger.info('more'); if (++count === 20) { clearInterval(timer); process.exitCode = 7; } }, 5);
    `;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).to.equal(7);
  });
});
