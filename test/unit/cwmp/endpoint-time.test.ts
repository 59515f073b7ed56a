import { expect } from 'chai';

import { scheduleInform } from '../../support/acs-calls.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callingSession, emptySession, eventCodes } from '../../support/scripted-acs.ts';
import type { DocumentStore } from '../../../src/platform/store/document-store.ts';
import type { EndpointFixture } from './endpoint-fixture.ts';
import { EndpointSuite } from './endpoint-suite.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 1);
const SCHEDULED = ['3 SCHEDULED', 'M ScheduleInform'];

describe('CwmpEndpoint and the clocks', () => {
  const suite = new EndpointSuite();
  let clock: ManualClock;

  const make = async (startMs: number, store?: DocumentStore): Promise<EndpointFixture> => {
    clock = new ManualClock(startMs);
    const fixture = suite.make({ endpoint: { clock }, ...(store === undefined ? {} : { store }) });
    await fixture.endpoint.start();
    return fixture;
  };
  /** An endpoint that was told to inform in `seconds`. */
  const ordered = async (seconds: number, startMs = NOW): Promise<EndpointFixture> => {
    suite.acs.script = callingSession([scheduleInform(seconds, 'key')]);
    const fixture = await make(startMs);
    await suite.idle(fixture, 1);
    suite.acs.script = emptySession();
    suite.acs.requests.length = 0;
    return fixture;
  };
  /** Lets time pass in steps, as it does. */
  const pass = (milliseconds: number): void => {
    for (let left = milliseconds; left > 0; left -= 10 * SECOND) clock.advance(Math.min(left, 10 * SECOND));
  };
  const pending = ({ endpoint }: EndpointFixture): string[] =>
    endpoint.status().pendingEvents.map(({ code }) => code);

  describe('ScheduleInform', () => {
    for (const [name, jumpMs] of [
      ['set back by an hour', -HOUR],
      ['set forward by an hour', HOUR],
      ['set from 1970 to today', NOW],
    ] as const) {
      it(`comes when it was ordered for though the wall clock is ${name}`, async () => {
        const fixture = await ordered(7200, name.includes('1970') ? 0 : NOW);
        clock.jumpWallClock(jumpMs);
        pass(7199 * SECOND);
        expect(suite.acs.informs).to.deep.equal([]);
        expect(pending(fixture)).to.deep.equal([]);
        pass(SECOND);
        await suite.idle(fixture, 1);
        expect(eventCodes(suite.acs.informs[0]!)).to.deep.equal(SCHEDULED);
      });
    }

    for (const [name, madeAt, jumpMs, startedAt, leftSeconds] of [
      ['the time that the daemon was not running counts', NOW, 0, NOW + 400 * SECOND, 600],
      ['it is due at once when that time was longer than what was left', NOW, 0, NOW + HOUR, 0],
      // Without a battery the clock starts in 1970: how long the daemon was away, nobody knows.
      ['it comes late rather than never when the wall clock starts anew', NOW, 0, 0, 1000],
      // The clock was set while the daemon ran: 56 years have not passed.
      ['it does not come at once because the wall clock was set before', 0, NOW, NOW + 160 * SECOND, 840],
    ] as const) {
      it(`after a restart ${name}`, async () => {
        const before = await ordered(1000, madeAt);
        if (jumpMs !== 0) {
          clock.jumpWallClock(jumpMs);
          pass(60 * SECOND);
        }
        await before.endpoint.stop();
        const after = await make(startedAt, before.store);
        if (leftSeconds > 0) {
          pass((leftSeconds - 1) * SECOND);
          expect(pending(after)).to.deep.equal([]);
          expect(suite.acs.informs).to.deep.equal([]);
        }
        pass(SECOND);
        await suite.idle(after, 1);
        expect(eventCodes(suite.acs.informs[0]!)).to.deep.equal(SCHEDULED);
      });
    }
  });

  describe('PeriodicInform', () => {
    const INTERVAL = 300 * SECOND;
    const periodic = async (): Promise<EndpointFixture> => {
      clock = new ManualClock(NOW);
      const fixture = suite.make({
        endpoint: { clock },
        settings: {
          periodicInformEnable: true,
          periodicInformInterval: INTERVAL / SECOND,
          periodicInformTime: '2026-01-01T00:01:00Z',
        },
      });
      await fixture.endpoint.start();
      await suite.idle(fixture, 1);
      suite.acs.requests.length = 0;
      return fixture;
    };
    const phaseOf = (milliseconds: number): number =>
      (((milliseconds - NOW - 60 * SECOND) % INTERVAL) + INTERVAL) % INTERVAL;

    for (const [name, jumpMs] of [
      ['a suspend of some hours', 5 * HOUR + 90 * SECOND],
      ['a forward step within the interval', 30 * SECOND],
      ['a step back of a day', -24 * HOUR - 70 * SECOND],
      ['a step back within the interval', -30 * SECOND],
    ] as const) {
      it(`informs once after ${name}, and then in phase`, async () => {
        const fixture = await periodic();
        pass(10 * SECOND);
        clock.jumpWallClock(jumpMs);
        const jumped = clock.monotonic();
        // Never longer than an interval without one, whatever the wall clock does.
        while (suite.acs.informs.length === 0 && pending(fixture).length === 0) {
          expect(clock.monotonic() - jumped).to.be.below(INTERVAL);
          pass(SECOND);
        }
        await suite.idle(fixture, 1);
        expect(eventCodes(suite.acs.informs[0]!)).to.deep.equal(['2 PERIODIC']);
        while (pending(fixture).length === 0 && suite.acs.informs.length === 1) pass(SECOND);
        expect(phaseOf(clock.now())).to.equal(0);
        await suite.idle(fixture, 2);
      });
    }
  });
});
