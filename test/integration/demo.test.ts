import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { runLabDemo } from '../../src/cli/lab-demo.ts';

describe('lab demo --once', () => {
  it('plays the whole story with four devices, and each step holds', async function () {
    this.timeout(240_000);
    const output = new PassThrough();
    let text = '';
    output.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const code = await runLabDemo({ once: true, output });
    const failed = text.split('\n').filter((line) => line.includes('✗'));
    expect(failed).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(text).to.match(/All 47 steps held for 4 virtual devices and the proxier\./);
    expect(text).not.to.contain('\u001b');
  });
});
