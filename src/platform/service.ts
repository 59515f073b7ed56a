import { execFile } from 'node:child_process';

import type { Clock, Timer } from './clock.ts';
import type { Logger } from './logger.ts';

/** What the service manager is told [sd_notify(3)]. */
export type ServiceState = 'READY=1' | 'STOPPING=1' | 'RELOADING=1' | 'WATCHDOG=1';

export interface ServiceHooks {
  /** Begins to work; resolves when everything listens. */
  start(): Promise<void>;
  /** Ends in an orderly way, also while it starts or reloads. */
  stop(): Promise<void>;
  /** SIGHUP. A rejection is logged and the service goes on as before, unless it is a NothingRunsError: that ends it. */
  reload(): Promise<void>;
}

/** A reload has left nothing that works. */
export class NothingRunsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NothingRunsError';
  }
}

export interface ServiceOptions {
  readonly hooks: ServiceHooks;
  readonly logger: Logger;
  readonly clock: Clock;
  /** For tests: signals and fatal errors come from here. */
  readonly host?: ServiceHost;
  readonly notify?: (state: ServiceState) => Promise<void>;
}

/** The part of `process` that a service uses. */
export interface ServiceHost {
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exit: (code: number) => void;
}

const STOP_LIMIT_MS = 5000;
const NOTIFY_LIMIT_MS = 5000;

/**
 * Runs a daemon under a service manager or a terminal: start, then wait for SIGTERM or SIGINT, then stop within five
 * seconds. A second signal ends the process at once; an error that nobody caught is logged and ends it with code 1.
 * @returns the exit code: 0 after an orderly stop, 1 after a failed start or stop, or a reload that left nothing running
 */
export async function runService(options: ServiceOptions): Promise<number> {
  const { hooks, logger, clock } = options;
  const host: ServiceHost = options.host ?? process;
  const notify = options.notify ?? createNotifier(host.env, logger);
  const reloads = new Reloads(hooks, logger, notify);
  const signals = listenForSignals(host, logger, () => reloads.request());
  let watchdog: Timer | undefined;
  try {
    await Promise.race([hooks.start(), signals.stopRequested]);
    if (!signals.requested) {
      await notify('READY=1');
      watchdog = startWatchdog(host.env, clock, notify);
      logger.info('ready');
      reloads.begin();
      await Promise.race([signals.stopRequested, reloads.failed]);
    }
    reloads.end();
    logger.info('stopping', { signal: signals.requested ?? '' });
    void notify('STOPPING=1');
    return await stopInTime(hooks, logger, clock);
  } catch (error) {
    logger.error(error instanceof NothingRunsError ? 'nothing runs any more' : 'start failed', { error });
    await stopInTime(hooks, logger, clock);
    return 1;
  } finally {
    watchdog?.cancel();
    signals.dispose();
  }
}

interface Signals {
  /** The signal that asked to stop. */
  readonly requested: string | undefined;
  readonly stopRequested: Promise<void>;
  dispose(): void;
}

function listenForSignals(host: ServiceHost, logger: Logger, onReload: () => void): Signals {
  let requested: string | undefined;
  let resolveStop = (): void => undefined;
  const stopRequested = new Promise<void>((resolve) => {
    resolveStop = resolve;
  });
  const stopBy = (signal: string, exitCode: number) => (): void => {
    if (requested !== undefined) {
      logger.warn('second signal: ending at once', { signal });
      host.exit(exitCode);
      return;
    }
    requested = signal;
    resolveStop();
  };
  const fatal = (what: string) => (error: unknown) => {
    logger.error(what, { error, ...(error instanceof Error ? { stack: error.stack } : {}) });
    host.exit(1);
  };
  const listeners: readonly (readonly [event: string, listener: (argument: unknown) => void])[] = [
    ['SIGTERM', stopBy('SIGTERM', 143)],
    ['SIGINT', stopBy('SIGINT', 130)],
    ['SIGHUP', onReload],
    ['uncaughtException', fatal('uncaught exception')],
    ['unhandledRejection', fatal('unhandled rejection')],
  ];
  for (const [event, listener] of listeners) host.on(event, listener);
  return {
    get requested() {
      return requested;
    },
    stopRequested,
    dispose: () => {
      for (const [event, listener] of listeners) host.off(event, listener);
    },
  };
}

async function stopInTime(hooks: ServiceHooks, logger: Logger, clock: Clock): Promise<number> {
  let timer: Timer | undefined;
  const limit = new Promise<number>((resolve) => {
    timer = clock.schedule(STOP_LIMIT_MS, () => {
      logger.warn('stop took too long: ending anyway', { limitMs: STOP_LIMIT_MS });
      resolve(1);
    });
  });
  const stopped = hooks.stop().then(
    () => 0,
    (error: unknown) => {
      logger.error('stop failed', { error });
      return 1;
    },
  );
  const code = await Promise.race([stopped, limit]);
  timer?.cancel();
  return code;
}

/** One reload after the other, none before the start is over. */
class Reloads {
  readonly #hooks: ServiceHooks;
  readonly #logger: Logger;
  readonly #notify: (state: ServiceState) => Promise<void>;
  /** Rejects with the NothingRunsError of a reload. */
  readonly failed: Promise<never>;
  #fail: (error: NothingRunsError) => void = () => undefined;
  #begin: () => void = () => undefined;
  #last: Promise<void>;
  #ended = false;

  constructor(hooks: ServiceHooks, logger: Logger, notify: (state: ServiceState) => Promise<void>) {
    this.#hooks = hooks;
    this.#logger = logger;
    this.#notify = notify;
    this.#last = new Promise((resolve) => (this.#begin = resolve));
    this.failed = new Promise((_resolve, reject) => (this.#fail = reject));
  }

  /** The service has started. */
  begin(): void {
    this.#begin();
  }

  /** What was asked for and has not begun is not done any more; what runs has nothing to tell any more. */
  end(): void {
    this.#ended = true;
  }

  request(): void {
    this.#last = this.#last.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    if (this.#ended) return;
    this.#logger.info('reloading');
    await this.#notify('RELOADING=1');
    try {
      await this.#hooks.reload();
      if (!this.#ended) this.#logger.info('reloaded');
    } catch (error) {
      if (this.#ended) return;
      if (error instanceof NothingRunsError) {
        this.#fail(error);
        return;
      }
      this.#logger.error('reload failed: going on as before', { error });
    }
    if (!this.#ended) await this.#notify('READY=1');
  }
}

/** Half the period that systemd asks for [sd_watchdog_enabled(3)]. A blocked event loop misses it, as it should. */
function startWatchdog(
  env: ServiceHost['env'],
  clock: Clock,
  notify: (state: ServiceState) => Promise<void>,
): Timer | undefined {
  const microseconds = Number(env.WATCHDOG_USEC);
  if (!(microseconds > 0) || env.NOTIFY_SOCKET === undefined) return undefined;
  const periodMs = Math.max(500, microseconds / 2000);
  let timer: Timer;
  const beat = (): void => {
    void notify('WATCHDOG=1');
    timer = clock.schedule(periodMs, beat);
  };
  beat();
  return { cancel: () => timer.cancel() };
}

/** Spawns systemd-notify: Node cannot send to a unix datagram socket itself. Does nothing without NOTIFY_SOCKET. */
function createNotifier(env: ServiceHost['env'], logger: Logger): (state: ServiceState) => Promise<void> {
  if (env.NOTIFY_SOCKET === undefined) return () => Promise.resolve();
  let warned = false;
  return (state) =>
    new Promise((resolve) => {
      const words = state === 'RELOADING=1' ? [state, `MONOTONIC_USEC=${monotonicMicroseconds()}`] : [state];
      execFile('systemd-notify', words, { timeout: NOTIFY_LIMIT_MS }, (error) => {
        if (error !== null && !warned) {
          warned = true;
          logger.warn('systemd-notify failed: the service manager is not told our state', { error });
        }
        resolve();
      });
    });
}

function monotonicMicroseconds(): bigint {
  return process.hrtime.bigint() / 1000n;
}
