import { expect } from 'chai';
import { EndpointState } from '../../../../src/cwmp/endpoint-state.ts';
import type { EventQueue } from '../../../../src/cwmp/events/event-queue.ts';
import { EVENT_TABLE } from '../../../../src/cwmp/events/event-table.ts';
import { memoryDocumentStore } from '../../../../src/platform/store/document-store.ts';

type Row = readonly [
  code: string,
  cumulative: 'single' | 'multiple',
  /** What it outlives without being delivered. */
  outlives: readonly ('failedSession' | 'restart' | 'reboot')[],
  deliveredBy: string,
];

const ALL = ['failedSession', 'restart', 'reboot'] as const;
/** A restart of the daemon is no reboot of the CPE. */
const UNTIL_REBOOT = ['failedSession', 'restart'] as const;

/** As the standard has them [TR-069 3.7.1.5, table 8], written down here once more. */
const ROWS: readonly Row[] = [
  ['0 BOOTSTRAP', 'single', ALL, 'InformResponse'],
  ['1 BOOT', 'single', UNTIL_REBOOT, 'InformResponse'],
  ['2 PERIODIC', 'single', ALL, 'InformResponse'],
  ['3 SCHEDULED', 'single', ALL, 'InformResponse'],
  ['4 VALUE CHANGE', 'single', UNTIL_REBOOT, 'InformResponse'],
  ['5 KICKED', 'single', [], 'KickedResponse'],
  ['6 CONNECTION REQUEST', 'single', [], 'InformResponse'],
  ['7 TRANSFER COMPLETE', 'single', ALL, 'TransferCompleteResponse'],
  ['8 DIAGNOSTICS COMPLETE', 'single', UNTIL_REBOOT, 'InformResponse'],
  ['9 REQUEST DOWNLOAD', 'single', [], 'RequestDownloadResponse'],
  ['10 AUTONOMOUS TRANSFER COMPLETE', 'single', ALL, 'AutonomousTransferCompleteResponse'],
  ['11 DU STATE CHANGE COMPLETE', 'single', ALL, 'DUStateChangeCompleteResponse'],
  ['12 AUTONOMOUS DU STATE CHANGE COMPLETE', 'single', ALL, 'AutonomousDUStateChangeCompleteResponse'],
  ['13 WAKEUP', 'single', UNTIL_REBOOT, 'InformResponse'],
  ['14 HEARTBEAT', 'single', [], 'InformResponse'],
  ['M Reboot', 'multiple', ALL, 'InformResponse'],
  ['M ScheduleInform', 'multiple', ALL, 'InformResponse'],
  ['M Download', 'multiple', ALL, 'TransferCompleteResponse'],
  ['M ScheduleDownload', 'multiple', ALL, 'TransferCompleteResponse'],
  ['M Upload', 'multiple', ALL, 'TransferCompleteResponse'],
  ['M ChangeDUState', 'multiple', ALL, 'DUStateChangeCompleteResponse'],
];
const VENDOR: Row = ['M X_0011AA_Order', 'multiple', ALL, 'InformResponse'];
const RESPONSES = [...new Set(ROWS.map(([, , , deliveredBy]) => deliveredBy))];

/** An endpoint's events over restarts of the daemon. */
class Life {
  readonly #store = memoryDocumentStore();
  state = new EndpointState(this.#store, 'endpoint/1');

  get queue(): EventQueue {
    return this.state.queue;
  }

  async restart(): Promise<void> {
    await this.state.saveEvents();
    this.state = new EndpointState(this.#store, 'endpoint/1');
  }
}

describe('cwmp/events/event-table', () => {
  it('has the standard’s events in their order', () => {
    expect(EVENT_TABLE.map(({ code }) => code)).to.deep.equal(ROWS.map(([code]) => code));
  });

  for (const [code, cumulative, outlives, deliveredBy] of [...ROWS, VENDOR]) {
    describe(code, () => {
      let life: Life;
      beforeEach(() => {
        life = new Life();
      });

      it(`is ${cumulative}`, () => {
        life.queue.add(code, 'a');
        expect(life.queue.add(code, 'a')).to.equal(false);
        const isAnother = cumulative === 'multiple';
        expect(life.queue.add(code, 'b')).to.equal(isAnother);
        const keys = isAnother ? ['a', 'b'] : [''];
        expect(life.queue.take()).to.deep.equal(keys.map((commandKey) => ({ code, commandKey })));
      });

      const expectKept = (isKept: boolean): void => {
        const event = { code, commandKey: cumulative === 'multiple' ? 'a' : '' };
        expect(life.queue.list()).to.deep.equal(isKept ? [event] : []);
      };

      it(`outlives ${outlives.length === 0 ? 'nothing' : outlives.join(', ')}`, async () => {
        life.queue.add(code, 'a');
        life.queue.take();
        life.queue.settle();
        expectKept(outlives.includes('failedSession'));

        life = new Life();
        life.queue.add(code, 'a');
        await life.restart();
        expectKept(outlives.includes('restart'));

        // Killed in the middle of the session that tells it.
        life = new Life();
        life.queue.add(code, 'a');
        life.queue.take();
        await life.restart();
        expectKept(outlives.includes('restart'));

        life = new Life();
        life.queue.add(code, 'a');
        life.queue.rebooted();
        expectKept(outlives.includes('reboot'));
      });

      it(`is delivered by ${deliveredBy}, and then gone for good`, async () => {
        life.queue.add(code, 'a');
        for (const response of RESPONSES) life.queue.delivered(response);
        expect(life.queue.size, 'nobody was told yet').to.equal(1);
        life.queue.take();
        for (const response of RESPONSES.filter((other) => other !== deliveredBy)) {
          expect(life.queue.delivered(response), response).to.deep.equal([]);
        }
        expect(life.queue.delivered(deliveredBy)).to.have.length(1);
        expect(life.queue.size).to.equal(0);
        await life.restart();
        expect(life.queue.size).to.equal(0);
      });

      it('is void when 0 BOOTSTRAP is due', () => {
        life.queue.add(code, 'a');
        life.queue.add('0 BOOTSTRAP');
        expect(life.queue.list()).to.deep.equal([{ code: '0 BOOTSTRAP', commandKey: '' }]);
      });
    });
  }
});
