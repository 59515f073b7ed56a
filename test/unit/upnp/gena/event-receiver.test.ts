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

  const notify = (url: string, seq: number, body = EVENT): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const request = http.request(url, { method: 'NOTIFY', headers: { SID: 'uuid:1', SEQ: seq } });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end(body);
    });
  /** @param missed gets the numbers of events that were not read */
  const open = (notified: number[], missed: number[] = []): Promise<{ readonly url: string }> =>
    receiver.open({
      deviceAddress: '127.0.0.1',
      acceptsSid: () => true,
      onNotification: ({ seq, variables }) => void (variables === undefined ? missed : notified).push(seq),
    });
  const longEvent = (length: number): string =>
    EVENT.replace('/>', `><e:property><A>${'x'.repeat(length)}</A></e:property></e:propertyset>`);

  it('lets a device that floods wait for its answer, and nobody else', async () => {
    const [flooded, calm, missed]: [number[], number[], number[]] = [[], [], []];
    const { url } = await open(flooded, missed);
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
    expect(missed, 'it may have been the last one: no other shows the gap').to.deep.equal([answers.length]);
    expect(await notify(url, 0)).to.equal(200);
  });

  it('counts a long event as the many short ones that it costs, and tells of one that is not read at all', async () => {
    const [notified, missed]: [number[], number[]] = [[], []];
    const { url } = await open(notified, missed);
    const long = longEvent(200_000);
    let sent = 0;
    while (clock.pendingCount === 0 && sent < 100) {
      void notify(url, sent++, long);
      await waitFor(() => notified.length === sent || clock.pendingCount > 0, 'a reaction');
    }
    expect(sent - 1, 'of 200 000 bytes at once').to.equal(2);
    clock.advance(1000);
    await waitFor(() => missed.length === 1, 'the word of the one that was refused');
    expect(await notify(url, 9, longEvent(300_000))).to.equal(413);
    expect(missed).to.deep.equal([2, 9]);
  });
});
