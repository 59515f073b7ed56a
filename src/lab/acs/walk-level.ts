import { CpeFault } from './messages.ts';
import type { ParameterAttributes, ParameterFault, ParameterValue } from './messages.ts';
import type { RpcCalls } from './rpc-calls.ts';

/** GenieACS asks for no more values at a time. */
const BATCH = 32;

export interface TreeEntry {
  readonly name: string;
  readonly writable: boolean;
  /** Left out for objects, and for parameters whose batch failed. */
  readonly value?: string;
  readonly type?: string;
  readonly notification?: number;
}

export interface TreeLevel {
  readonly entries: readonly TreeEntry[];
  /** Why values or attributes are missing, one line a failed batch. */
  readonly faults: readonly string[];
}

/** One level of a device's tree: the names below `path`, and for its parameters their values and notification. */
export async function walkLevel(calls: RpcCalls, path: string): Promise<TreeLevel> {
  const names = await calls.getParameterNames(path, true);
  const leaves = names.map((entry) => entry.name).filter((name) => !name.endsWith('.'));
  const values = new Map<string, ParameterValue>();
  const attributes = new Map<string, ParameterAttributes>();
  const faults: string[] = [];
  for (let start = 0; start < leaves.length; start += BATCH) {
    const batch = leaves.slice(start, start + BATCH);
    await tolerateFault(faults, async () => {
      for (const value of await calls.getParameterValues(batch)) values.set(value.name, value);
    });
    await tolerateFault(faults, async () => {
      for (const entry of await calls.getParameterAttributes(batch)) attributes.set(entry.name, entry);
    });
  }
  const entries = names.map(({ name, writable }) => {
    const value = values.get(name);
    const attribute = attributes.get(name);
    return {
      name,
      writable,
      ...(value === undefined ? {} : { value: value.value, type: value.type }),
      ...(attribute === undefined ? {} : { notification: attribute.notification }),
    };
  });
  return { entries, faults };
}

async function tolerateFault(faults: string[], call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof CpeFault)) throw error;
    faults.push([error.message, ...error.parameterFaults.map(describe)].join('; '));
  }
}

function describe(fault: ParameterFault): string {
  return `${fault.name}: ${fault.code} ${fault.text}`;
}
