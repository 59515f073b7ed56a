import { EventEmitter } from 'node:events';
import { expect } from 'chai';

import { silentLogger } from '../../../src/platform/logger.ts';
import type { LogFields } from '../../../src/platform/logger.ts';
import { NothingRunsError, runService } from '../../../src/platform/service.ts';
import type { ServiceHooks, ServiceState } from '../../../src/platform/service.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { waitFor } from '../../support/wait-for.ts';

class FakeProcess extends EventEmitter {
  readonly env: Record<string, string>;
  readonly exits: number[] = [];

  constructor(env: Record<string, string> = {}) {
    super();
    this.env = env;
  }

  readonly exit = (code: number): void => {
    this.exits.push(code);
  };
}

describe('service', () => {
  const forever = new Promise<void>(() => undefined);

  function begin(hooks: Partial<ServiceHooks>, env: Record<string, string> = {}) {
    const host = new FakeProcess(env);
    const clock = new ManualClock();
    const states: ServiceState[] = [];
    const logged: { message: string; fields: LogFields | undefined }[] = [];
    const done = runService({
      hooks: {
        start: () => Promise.resolve(),
        stop: () => Promise.resolve(),
        reload: () => Promise.resolve(),
        ...hooks,
      },
      logger: {
        ...silentLogger,
        error: (message, fields) => void logged.push({ message, fields }),
      },
      clock,
      host,
      notify: (state) => {
        states.push(state);
        return Promise.resolve();
      },
    });
    return { host, clock, states, logged, done };
  }

  it('is ready after start and stops on SIGTERM', async () => {
    const calls: string[] = [];
    const { host, states, done } = begin({
      start: () => Promise.resolve(void calls.push('start')),
      stop: () => Promise.resolve(void calls.push('stop')),
    });
    await waitFor(() => states.includes('READY=1'), 'ready');
    host.emit('SIGTERM');
    expect(await done).to.equal(0);
    expect(calls).to.deep.equal(['start', 'stop']);
    expect(states).to.deep.equal(['READY=1', 'STOPPING=1']);
    expect(host.listenerCount('SIGTERM') + host.listenerCount('uncaughtException')).to.equal(0);
  });

  it('stops also while it still starts', async () => {
    const { host, done } = begin({ start: () => forever });
    host.emit('SIGINT');
    expect(await done).to.equal(0);
  });

  it('waits five seconds for a stop, no longer', async () => {
    const { host, clock, states, done } = begin({ stop: () => forever });
    await waitFor(() => states.includes('READY=1'), 'ready');
    host.emit('SIGTERM');
    await waitFor(() => clock.pendingCount === 1, 'stop began');
    expect(clock.nextDelayMs).to.equal(5000);
    clock.advance(5000);
    expect(await done).to.equal(1);
  });

  it('ends at once on a second signal', async () => {
    const { host, states } = begin({ stop: () => forever });
    await waitFor(() => states.includes('READY=1'), 'ready');
    host.emit('SIGINT');
    host.emit('SIGINT');
    expect(host.exits).to.deep.equal([130]);
  });

  it('returns 1 and cleans up when the start fails', async () => {
    let stopped = false;
    const { done, logged } = begin({
      start: () => Promise.reject(new Error('port in use')),
      stop: () => Promise.resolve(void (stopped = true)),
    });
    expect(await done).to.equal(1);
    expect(stopped).to.equal(true);
    expect(logged[0]?.message).to.equal('start failed');
  });

  it('reloads on SIGHUP and survives a reload that fails', async () => {
    let fail = false;
    const { host, states, logged, done } = begin({
      reload: () => (fail ? Promise.reject(new Error('bad')) : Promise.resolve()),
    });
    await waitFor(() => states.length === 1, 'ready');
    host.emit('SIGHUP');
    await waitFor(() => states.length === 3, 'reloaded');
    fail = true;
    host.emit('SIGHUP');
    await waitFor(() => states.length === 5, 'reload failed');
    expect(states.slice(1)).to.deep.equal(['RELOADING=1', 'READY=1', 'RELOADING=1', 'READY=1']);
    expect(logged[0]?.message).to.contain('reload failed');
    host.emit('SIGTERM');
    expect(await done).to.equal(0);
  });

  it('reloads after the start when it is asked during it, one reload after the other', async () => {
    const calls: string[] = [];
    let started = (): void => undefined;
    const { host, states, done } = begin({
      start: () => new Promise((resolve) => (started = resolve)),
      reload: async () => {
        calls.push('begins');
        await Promise.resolve();
        calls.push('ends');
      },
    });
    host.emit('SIGHUP');
    host.emit('SIGHUP');
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls, 'while it starts').to.deep.equal([]);
    started();
    await waitFor(() => states.length === 5, 'both reloads');
    expect(calls).to.deep.equal(['begins', 'ends', 'begins', 'ends']);
    expect(states[0]).to.equal('READY=1');
    host.emit('SIGTERM');
    expect(await done).to.equal(0);
  });

  it('stops while it reloads, and says no more of the reload', async () => {
    for (const outcome of ['succeeds', 'fails'] as const) {
      let settle = (): void => undefined;
      const { host, states, logged, done } = begin({
        reload: () =>
          new Promise((resolve, reject) => {
            settle = () => {
              if (outcome === 'succeeds') resolve();
              else reject(new Error('stopped'));
            };
          }),
      });
      await waitFor(() => states.length === 1, 'ready');
      host.emit('SIGHUP');
      await waitFor(() => states.length === 2, 'the reload');
      host.emit('SIGTERM');
      expect(await done).to.equal(0);
      settle();
      await new Promise((resolve) => setImmediate(resolve));
      expect(states).to.deep.equal(['READY=1', 'RELOADING=1', 'STOPPING=1']);
      expect(logged).to.deep.equal([]);
    }
  });

  it('ends with 1 when a reload has left nothing that runs, and does not say that it is ready', async () => {
    const { host, states, logged, done } = begin({
      reload: () => Promise.reject(new NothingRunsError('neither works')),
    });
    await waitFor(() => states.length === 1, 'ready');
    host.emit('SIGHUP');
    expect(await done).to.equal(1);
    expect(states).to.deep.equal(['READY=1', 'RELOADING=1']);
    expect(logged[0]?.message).to.equal('nothing runs any more');
  });

  it('tells the watchdog at half its period, only under systemd', async () => {
    const { host, clock, states, done } = begin({}, { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '60000000' });
    await waitFor(() => states.includes('WATCHDOG=1'), 'first beat');
    clock.advance(60_000);
    expect(states.filter((state) => state === 'WATCHDOG=1')).to.have.length(3);
    host.emit('SIGTERM');
    await done;
    expect(clock.pendingCount).to.equal(0);
    const bare = begin({}, { WATCHDOG_USEC: '60000000' });
    await waitFor(() => bare.states.includes('READY=1'), 'ready');
    expect(bare.clock.pendingCount).to.equal(0);
    bare.host.emit('SIGTERM');
    await bare.done;
  });

  it('logs what nobody caught and ends with 1', async () => {
    const { host, states, logged, done } = begin({});
    await waitFor(() => states.includes('READY=1'), 'ready');
    host.emit('unhandledRejection', new Error('lost'));
    host.emit('uncaughtException', 'thrown');
    expect(host.exits).to.deep.equal([1, 1]);
    expect(logged.map(({ message }) => message)).to.deep.equal(['unhandled rejection', 'uncaught exception']);
    host.emit('SIGTERM');
    await done;
  });
});
