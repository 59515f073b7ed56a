import { expect } from 'chai';
import http from 'node:http';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { EventReceiver } from '../../../../src/upnp/gena/event-receiver.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { waitFor } from '../../../support/wait-for.ts';

const EVENT = '<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0"/>';

describe('the receiver of events', () => {
  let clock: ManualClock;
  let receiver: EventReceiver;

  beforeEach(() => {
    clock = new ManualClock();
    receiver = new EventReceiver('127.0.0.1', clock, silentLogger);
  });

  afterEach(() => receiver.stop());

  const notify = (url: string, seq: number): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const request = http.request(url, { method: 'NOTIFY', headers: { SID: 'uuid:1', SEQ: seq } });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end(EVENT);
    });
  const open = (notified: number[]): Promise<{ readonly url: string }> =>
    receiver.open({
      deviceAddress: '127.0.0.1',
      acceptsSid: () => true,
      onNotification: ({ seq }) => void notified.push(seq),
    });

  it('lets a device that floods wait for its answer, and nobody else', async () => {
    const [flooded, calm]: [number[], number[]] = [[], []];
    const { url } = await open(flooded);
    const other = await open(calm);
    const answers: Promise<number | undefined>[] = [];
    while (clock.pendingCount === 0 && answers.length < 1000) {
      answers.push(notify(url, answers.length));
      await waitFor(() => flooded.length === answers.length || clock.pendingCount > 0, 'a reaction');
    }
    const refused = answers.pop();
    expect(new Set(await Promise.all(answers))).to.deep.equal(new Set([200]));
    let isAnswered = false;
    void refused?.then(() => (isAnswered = true));
    expect(await notify(other.url, 0)).to.equal(200);
    expect(calm).to.deep.equal([0]);
    expect(isAnswered).to.equal(false);
    clock.advance(1000);
    expect(await refused).to.equal(503);
    expect(await notify(url, 0)).to.equal(200);
  });
});
