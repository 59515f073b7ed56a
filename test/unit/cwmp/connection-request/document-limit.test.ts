import { expect } from 'chai';
import { DocumentLimit } from '../../../../src/cwmp/connection-request/document-limit.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describe('cwmp/connection-request/document-limit', () => {
  const taken = (limit: DocumentLimit, caller: string, times: number): number =>
    Array.from({ length: times }, () => limit.take(caller)).filter(Boolean).length;

  it('lets a caller have the documents of a home at once, and one that asks too often harm nobody else', () => {
    const clock = new ManualClock();
    const limit = new DocumentLimit(clock);
    expect(taken(limit, 'greedy', 1000)).to.equal(100);
    expect(taken(limit, 'acs', 80)).to.equal(80);
    clock.advance(1000);
    expect(taken(limit, 'greedy', 1000)).to.equal(5);
  });

  it('has an end for all callers together, however many they are', () => {
    const clock = new ManualClock();
    const limit = new DocumentLimit(clock);
    const callers = Array.from({ length: 2000 }, (_, index) => `caller ${index}`);
    expect(callers.filter((caller) => limit.take(caller))).to.have.length(500);
    clock.advance(1000);
    expect(callers.filter((caller) => limit.take(caller))).to.have.length(50);
  });
});
