import type { DataModel } from '../datamodel/data-model.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import type { SystemStatus } from '../platform/system-status.ts';
import type { LocalProvider } from './local-object.ts';
import { LocalTable } from './local-table.ts';

export interface SystemObjectsOptions {
  readonly model: DataModel;
  readonly store: DocumentStore;
  /** Of the process table. */
  readonly storeKey: string;
  readonly clock: Clock;
  readonly system: SystemStatus;
}

/** What the process is called: its command line may hold secrets. */
const COMMAND = 'cwmp-proxier';
const LARGEST = 0xffff_ffff;
/** A second of one processor: what is shorter says little. Milliseconds. */
const SHORTEST_SAMPLE_MS = 1000;

/**
 * Adds [TR-181] `DeviceInfo.MemoryStatus.`, `DeviceInfo.ProcessStatus.` and `Time.CurrentLocalTime` of the machine that this daemon
 * runs on. Of its processes only this one is listed.
 */
export function addSystemObjects(provider: LocalProvider, options: SystemObjectsOptions): void {
  const { model, store, storeKey, clock, system } = options;
  const usage = new ProcessorUsage(system);
  provider.add('Device.DeviceInfo.MemoryStatus.', {
    Total: { type: 'unsignedInt', get: () => kibibytes(system.memory().total) },
    Free: { type: 'unsignedInt', notification: 'canDeny', get: () => kibibytes(system.memory().free) },
  });
  provider.add('Device.DeviceInfo.ProcessStatus.', {
    CPUUsage: {
      type: 'unsignedInt',
      constraint: { ranges: [{ max: 100n }] },
      notification: 'canDeny',
      get: () => String(usage.percent()),
    },
  });
  provider.add('Device.Time.', {
    CurrentLocalTime: { type: 'dateTime', notification: 'canDeny', get: () => localTime(clock.now()) },
  });
  const processes = processTable(model, store, storeKey, system);
  // The process of the run before is gone, and with it its row.
  void processes.put('self', { pid: system.ownProcess().pid }).catch(() => undefined);
}

function processTable(
  model: DataModel,
  store: DocumentStore,
  storeKey: string,
  system: SystemStatus,
): LocalTable<{ readonly pid: number }> {
  return new LocalTable<{ readonly pid: number }>({
    model,
    path: 'Device.DeviceInfo.ProcessStatus.Process.',
    storage: { store, key: storeKey },
    restore: () => undefined,
    columns: {
      PID: { type: 'unsignedInt', get: (row) => String(row.pid) },
      Command: { type: 'string', constraint: { maxLength: 256 }, get: () => COMMAND },
      Size: { type: 'unsignedInt', notification: 'canDeny', get: () => kibibytes(system.ownProcess().size) },
      Priority: {
        type: 'unsignedInt',
        constraint: { ranges: [{ max: 99n }] },
        get: () => String(system.ownProcess().priority),
      },
      CPUTime: {
        type: 'unsignedInt',
        notification: 'canDeny',
        get: () => String(Math.min(system.ownProcess().cpuTime, LARGEST)),
      },
      State: {
        type: 'string',
        constraint: {
          enumeration: ['Running', 'Sleeping', 'Stopped', 'Idle', 'Uninterruptible', 'Zombie'],
        },
        notification: 'canDeny',
        // It is the one that answers.
        get: () => 'Running',
      },
    },
  });
}

/** The share of the processors that was in use since it was asked for the time before; at first, since the machine started. */
class ProcessorUsage {
  readonly #system: SystemStatus;
  #before = { busy: 0, total: 0 };
  #percent = 0;

  constructor(system: SystemStatus) {
    this.#system = system;
  }

  /** Rounded up [TR-181 ProcessStatus.CPUUsage]. */
  percent(): number {
    const now = this.#system.processorTime();
    const total = now.total - this.#before.total;
    if (total >= SHORTEST_SAMPLE_MS) {
      const share = (now.busy - this.#before.busy) / total;
      this.#percent = Math.min(100, Math.max(0, Math.ceil(share * 100)));
      this.#before = now;
    }
    return this.#percent;
  }
}

function kibibytes(bytes: number): string {
  return String(Math.min(Math.floor(bytes / 1024), LARGEST));
}

/** With the offset of the local time zone. @param time milliseconds since the epoch */
function localTime(time: number): string {
  const offset = -new Date(time).getTimezoneOffset();
  const local = new Date(time + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local}${offset < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(minutes)}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
