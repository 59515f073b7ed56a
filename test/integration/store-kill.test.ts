import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { silentLogger } from '../../src/platform/logger.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { openDocumentStore } from '../../src/platform/store/document-store.ts';

const KILLS = 30;
const CHILD = new URL('../support/store-counter.ts', import.meta.url).pathname;

describe('document store under kill -9', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'store-kill-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it(`loses nothing that was acknowledged, ${KILLS} times`, async () => {
    let warned = 0;
    const logger: Logger = { ...silentLogger, warn: () => void (warned += 1) };
    for (let round = 0; round < KILLS; round += 1) {
      const acknowledged = await runAndKill(directory, Math.random() * 60);
      const store = await openDocumentStore({ directory, logger });
      for (const [key, value] of acknowledged) {
        expect(store.get<number>(key), `${key} after kill ${round}`).to.be.at.least(value);
        // One put may be on the disk whose acknowledgement was not printed any more.
        expect(store.get<number>(key)).to.be.at.most(value + 1);
      }
      await store.close();
    }
    // A torn last record is to be expected now and then; more would be damage.
    expect(warned).to.be.at.most(KILLS);
  });
});

/** The highest value of each counter that the child printed before it was killed `afterMs` after it was ready. */
async function runAndKill(directory: string, afterMs: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    output += text;
  });
  await once(child, 'close');
  expect(child.signalCode).to.equal('SIGKILL');
  const acknowledged = new Map<string, number>();
  for (const [, key = '', value] of output.matchAll(/^(\w) (\d+)$/gm)) acknowledged.set(key, Number(value));
  return acknowledged;
}
