import { expect } from 'chai';

import { EventQueue } from '../../../../src/cwmp/events/event-queue.ts';

const codes = (events: readonly { code: string }[]): string[] => events.map(({ code }) => code);

describe('cwmp/events/event-queue', () => {
  it('keeps single events once, M events once per key, in the order of the codes', () => {
    const queue = new EventQueue();
    queue.add('M Reboot', 'b');
    queue.add('M Reboot', 'a');
    queue.add('M Reboot', 'a');
    queue.add('6 CONNECTION REQUEST');
    queue.add('1 BOOT');
    expect(queue.add('1 BOOT')).to.equal(false);
    expect(codes(queue.take())).to.deep.equal(['1 BOOT', '6 CONNECTION REQUEST', 'M Reboot', 'M Reboot']);
  });

  it('drops all others on BOOTSTRAP', () => {
    const queue = new EventQueue([{ code: 'M Reboot', commandKey: 'a' }]);
    queue.add('0 BOOTSTRAP');
    expect(codes(queue.list())).to.deep.equal(['0 BOOTSTRAP']);
  });

  it('keeps an event that happens again while the Inform is on its way', () => {
    const queue = new EventQueue();
    queue.add('6 CONNECTION REQUEST');
    queue.take();
    expect(queue.add('6 CONNECTION REQUEST')).to.equal(true);
    expect(codes(queue.delivered('InformResponse'))).to.deep.equal(['6 CONNECTION REQUEST']);
    queue.settle();
    expect(codes(queue.list())).to.deep.equal(['6 CONNECTION REQUEST']);
  });

  it('delivers TRANSFER COMPLETE by its own response, and gives up a connection request after one attempt', () => {
    const queue = new EventQueue();
    for (const code of ['6 CONNECTION REQUEST', '7 TRANSFER COMPLETE', '2 PERIODIC']) queue.add(code);
    queue.take();
    queue.settle();
    expect(codes(queue.list())).to.deep.equal(['7 TRANSFER COMPLETE', '2 PERIODIC']);
    queue.take();
    queue.delivered('InformResponse');
    expect(codes(queue.list())).to.deep.equal(['7 TRANSFER COMPLETE']);
    expect(codes(queue.delivered('TransferCompleteResponse'))).to.deep.equal(['7 TRANSFER COMPLETE']);
  });

  it('sends 64 events at most and stores all but those without retry', () => {
    const queue = new EventQueue();
    for (let i = 0; i < 100; i++) queue.add('M Download', String(i));
    queue.add('6 CONNECTION REQUEST');
    expect(queue.take()).to.have.length(64);
    expect(queue.toStored()).to.have.length(100);
    queue.rebooted();
    expect(queue.size).to.equal(100);
  });

  it('gives up events that come in numbers when there are too many, vendor events first, and says which', () => {
    const givenUp: string[] = [];
    const queue = new EventQueue([], ({ code, commandKey }) => void givenUp.push(`${code} ${commandKey}`));
    const single = ['0 BOOTSTRAP', '1 BOOT', '2 PERIODIC', '3 SCHEDULED', '7 TRANSFER COMPLETE'];
    for (const code of single) queue.add(code);
    for (let i = 0; i < 150; i++) queue.add('M Download', String(i));
    for (let i = 0; i < 101; i++) queue.add('M X_VENDOR Event', String(i));
    expect([queue.size, givenUp]).to.deep.equal([256, []]);
    for (let i = 0; i < 102; i++) queue.add('M Upload', String(i));
    expect(queue.size).to.equal(256);
    expect(givenUp.slice(0, 2)).to.deep.equal(['M X_VENDOR Event 0', 'M X_VENDOR Event 1']);
    expect(givenUp.slice(100)).to.deep.equal(['M X_VENDOR Event 100', 'M Download 0']);
    expect(codes(queue.list())).to.include.members(single);
  });

  it('gives up first what is told already by the Inform on its way', () => {
    const givenUp: string[] = [];
    const queue = new EventQueue([], ({ code, commandKey }) => void givenUp.push(`${code} ${commandKey}`));
    queue.add('M X_VENDOR Event', 'old');
    for (let i = 0; i < 254; i++) queue.add('M Download', String(i));
    queue.take();
    queue.add('M Download', '5');
    queue.add('M Download', 'new');
    expect(givenUp).to.deep.equal(['M Download 5']);
    expect(queue.list().filter(({ commandKey }) => commandKey === '5')).to.have.length(1);
  });

  it('tells 3 SCHEDULED in each Inform that has orders of ScheduleInform', () => {
    const queue = new EventQueue();
    queue.add('3 SCHEDULED');
    for (let i = 0; i < 150; i++) queue.add('M ScheduleInform', String(i));
    for (const keys of [62, 62, 26]) {
      const told = queue.take(63);
      expect(told[0]?.code).to.equal('3 SCHEDULED');
      expect(told.slice(1)).to.have.length(keys);
      queue.delivered('InformResponse');
      queue.settle();
    }
    expect(queue.size).to.equal(0);
  });
});
