import type { DataModel } from '../datamodel/data-model.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import { nullValue } from '../datamodel/value-codec.ts';
import type { Clock } from '../platform/clock.ts';
import { Deadline } from '../platform/deadline.ts';
import type { Inform } from './codec/messages.ts';
import type { PendingChange } from './events/value-changes.ts';
import type { Addressing } from './rpc/addressing.ts';
import { RpcFault } from './rpc/rpc-fault.ts';
import type { EndpointEvent, EndpointIdentity } from './types.ts';

/**
 * Deployed ACSs give a device 4 s from the connection request to the Inform: what cannot be read in this time is left out, or
 * told as it was known last.
 */
const READ_DEADLINE_MS = 2000;
/** An Inform opens every session: a wildcard must not make it carry the whole model. */
const MAX_ASKED_PARAMETERS = 1024;
/**
 * [TR-098] forces the ExternalIPAddress of every WAN connection, and not only that of the default one; an Inform must not grow
 * with the tables of a device for all that.
 */
const MAX_FORCED_IN_ROWS = 32;
const IN_ROW = /\.\d+\./;

export interface InformInput {
  readonly identity: EndpointIdentity;
  readonly model: DataModel;
  readonly addressing: Addressing;
  /** Paths of what the Inform carries besides the forced parameters, by its events. */
  readonly informParameters: (events: readonly string[]) => readonly string[];
  /** The events that wait before the values are read. */
  readonly pendingEvents: () => readonly string[];
  /** Called when all values are there, so that what happened meanwhile is included. */
  readonly takeEvents: () => readonly EndpointEvent[];
  readonly changes: readonly PendingChange[];
  /** What the Inform before said of a forced parameter. */
  readonly lastTold: (path: string) => string | undefined;
  readonly retryCount: number;
  readonly clock: Clock;
  /** Aborted when the endpoint stops. */
  readonly signal: AbortSignal;
}

export interface BuiltInform {
  readonly inform: Inform;
  /** Values of the forced parameters that a device answers for, by path: the device may be silent next time. */
  readonly forced: ReadonlyMap<string, string>;
  /** Changes whose values are in the Inform. */
  readonly told: readonly PendingChange[];
  /** Changes whose values cannot be read now. */
  readonly unreadable: readonly PendingChange[];
  /** Changes of parameters that are no more. */
  readonly gone: readonly PendingChange[];
}

/**
 * The Inform of a session: the forced parameters, and every changed one with its present value (the reported one when it cannot
 * be read). "4 VALUE CHANGE" is added when there is any [TR-069 3.7.1.5].
 */
export async function buildInform(input: InformInput): Promise<BuiltInform> {
  const { identity, model, clock } = input;
  await model.restructuring.settled;
  const changed: { change: PendingChange; parameter: ParameterNode }[] = [];
  const gone: PendingChange[] = [];
  for (const change of input.changes) {
    const parameter = model.find(change.path);
    if (parameter?.kind === 'parameter') changed.push({ change, parameter });
    else gone.push(change);
  }
  const forced = forcedParameters(model);
  const { values, nameOf } = await readAll(input, [...forced, ...changed.map(({ parameter }) => parameter)]);
  const told: PendingChange[] = [];
  const unreadable: PendingChange[] = [];
  for (const { change, parameter } of changed) {
    if (!values.has(parameter) && change.value !== undefined) {
      values.set(parameter, change.value);
    }
    (values.has(parameter) ? told : unreadable).push(change);
  }
  // [TR-069 3.7.1.5] Mandatory in every Inform: a silent device is no excuse.
  for (const parameter of forced) {
    if (values.has(parameter)) continue;
    const known = parameter.provider.lastKnown?.(parameter) ?? input.lastTold(parameter.path);
    if (known !== undefined) values.set(parameter, known);
  }
  const inform: Inform = {
    kind: 'Inform',
    DeviceId: {
      Manufacturer: identity.manufacturer,
      OUI: identity.oui,
      ProductClass: identity.productClass,
      SerialNumber: identity.serialNumber,
    },
    Event: eventList(input.takeEvents(), told.length > 0),
    MaxEnvelopes: 1,
    CurrentTime: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    RetryCount: input.retryCount,
    ParameterList: [...values].map(([{ path, type, hidden }, value]) => ({
      Name: nameOf(path),
      Value: hidden ? nullValue(type) : value,
      Type: type,
    })),
  };
  const ofDevice = forced.filter(({ provider }) => provider.remote);
  return {
    inform,
    told,
    unreadable,
    gone,
    forced: new Map(
      ofDevice.flatMap((parameter) => {
        const value = values.get(parameter);
        return value === undefined ? [] : [[parameter.path, value] as const];
      }),
    ),
  };
}

/** All that stand once in the model, and the first ones of those in rows of tables. */
function forcedParameters(model: DataModel): readonly ParameterNode[] {
  let inRows = 0;
  return model.forcedInformParameters().filter(({ path }) => {
    if (!IN_ROW.test(path)) return true;
    inRows += 1;
    return inRows <= MAX_FORCED_IN_ROWS;
  });
}

function eventList(events: readonly EndpointEvent[], valueChange: boolean): Inform['Event'] {
  const list = events.map(({ code, commandKey }) => ({ EventCode: code, CommandKey: commandKey }));
  if (valueChange) {
    const before = list.filter(({ EventCode: code }) => /^[0-3] /.test(code)).length;
    list.splice(before, 0, { EventCode: '4 VALUE CHANGE', CommandKey: '' });
  }
  return list;
}

/** Forced and changed parameters, and those that the ACS asked for by InformParameter: as many as can be read in time. */
async function readAll(
  { model, addressing, informParameters, pendingEvents, clock, signal }: InformInput,
  parameters: readonly ParameterNode[],
): Promise<{ values: Map<ParameterNode, string>; nameOf: (path: string) => string }> {
  const deadline = new Deadline(clock, READ_DEADLINE_MS, signal);
  try {
    const patterns = new Set<string>();
    const wanted = new Set<ParameterNode>();
    const values = new Map<ParameterNode, string>();
    const newPatterns = (): string[] =>
      informParameters(pendingEvents()).filter((pattern) => !patterns.has(pattern));
    let nameOf: (path: string) => string;
    let added = newPatterns();
    let unread = parameters;
    // An event that comes meanwhile is told in the same Inform, and with it what the ACS wants to know then.
    do {
      for (const pattern of added) patterns.add(pattern);
      const asked = await findAsked(model, addressing, added, deadline.signal);
      unread = [...new Set([...unread, ...asked])].filter((parameter) => !wanted.has(parameter));
      for (const parameter of unread) wanted.add(parameter);
      const outcomes = await model.readValues(unread, deadline.signal);
      for (const [index, parameter] of unread.entries()) {
        const outcome = outcomes[index];
        if (typeof outcome === 'string') values.set(parameter, outcome);
      }
      nameOf = await addressing.namer([...wanted], deadline.signal);
      added = newPatterns();
      unread = [];
    } while (added.length > 0);
    return { values, nameOf };
  } finally {
    deadline.cancel();
  }
}

/** [TR-181 InformParameter] What matches nothing now is left out. */
async function findAsked(
  model: DataModel,
  addressing: Addressing,
  patterns: readonly string[],
  signal: AbortSignal,
): Promise<ParameterNode[]> {
  const found: ParameterNode[] = [];
  for (const pattern of patterns) {
    try {
      for (const path of await addressing.resolveAll([pattern], signal)) {
        const node = model.find(path);
        if (node?.kind === 'parameter') found.push(node);
      }
    } catch (error) {
      if (!(error instanceof RpcFault)) throw error;
    }
  }
  return found.slice(0, MAX_ASKED_PARAMETERS);
}
