import { expect } from 'chai';
import { silentLogger } from '../../../src/platform/logger.ts';
import { AlarmHints } from '../../../src/proxy/alarm-hints.ts';
import type { CmsLeaf } from '../../../src/proxy/mapping/cms-leaf.ts';

const leaf = (cmsPath: string): CmsLeaf => ({
  cmsPath,
  type: 'string',
  eventPath: cmsPath,
  eventOnChange: true,
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function build(...watched: readonly string[]) {
  const reads: string[][] = [];
  const answers: ((error?: Error) => void)[] = [];
  const hints = new AlarmHints({
    watched: () => watched.map(leaf),
    read: (leaves) => {
      reads.push(leaves.map(({ cmsPath }) => cmsPath));
      return new Promise((resolve) => {
        answers.push(resolve);
      });
    },
    logger: silentLogger,
  });
  return { hints, reads, answers };
}

describe('alarms', () => {
  it('have the leaves read that the ACS watches, and no others', () => {
    const { hints, reads } = build('/A', '/B', '/C');
    hints.alarmed(['/C', '/A', '/X']);
    hints.alarmed([]);
    expect(reads).to.deep.equal([['/A', '/C']]);
  });

  it('cost one read at a time, however many come', async () => {
    const { hints, reads, answers } = build('/A', '/B');
    for (let count = 0; count < 50; count += 1) hints.alarmed([count % 2 === 0 ? '/A' : '/B']);
    expect(reads).to.deep.equal([['/A']]);
    answers[0]?.();
    await turn();
    expect(reads).to.deep.equal([['/A'], ['/A', '/B']]);
    answers[1]?.();
    await turn();
    expect(reads).to.have.length(2);
  });

  it('are read again after one that could not be', async () => {
    const { hints, reads, answers } = build('/A');
    hints.alarmed(['/A']);
    answers[0]?.(new Error('no answer'));
    await turn();
    hints.alarmed(['/A']);
    expect(reads).to.have.length(2);
  });
});
