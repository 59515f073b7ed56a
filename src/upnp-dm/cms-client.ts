import { sleep } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { ActionError } from '../upnp/types.ts';
import type { ControlPoint, OutArguments, RootDevice, Scpd, ServiceDescription } from '../upnp/types.ts';
import { CMS_ACTIONS } from './cms-actions.ts';
import type { CmsAction, CmsActionName } from './cms-actions.ts';
import { collapseToken, isLeaf, joinPath, pathProblem, repairPath } from './cms-path.ts';
import { slicesOf, wireArguments } from './cms-request.ts';
import * as documents from './documents.ts';
import type { OnRejected, WritableAttributes } from './documents.ts';
import { identifyManagementService } from './management-service.ts';
import { isBusy } from './refusal.ts';
import type { ChangeStatus, CmsClient, NodeAttributes, SubTree, UpdateVariable } from './types.ts';
import { parseUpdateVariable } from './update-variable.ts';

const INVALID_ARGUMENTS = 402;
const NOT_IMPLEMENTED = 602;
const INVALID_XML_ARGUMENT = 702;
/** Waits before each new attempt after a 708, which asks the control point to come back later [CMS:2 2.4]. */
const RETRY_DELAYS_MS = [250, 500, 1000, 2000];

export interface CmsClientOptions {
  readonly controlPoint: Pick<ControlPoint, 'invoke'>;
  readonly device: RootDevice;
  readonly service: ServiceDescription;
  readonly clock: Clock;
  /** Undefined when it could not be fetched: then every action is tried with the standard's argument names. */
  readonly scpd?: Scpd | undefined;
  readonly logger?: Logger | undefined;
}

/** A missing or unknown Status comes with success, so the change is in force. */
function toChangeStatus(text: string): ChangeStatus {
  return text.trim().toLowerCase() === 'changescommitted' ? 'ChangesCommitted' : 'ChangesApplied';
}

class RemoteCmsClient implements CmsClient {
  readonly version: number;
  readonly actions: ReadonlySet<string> | undefined;
  readonly #options: CmsClientOptions;

  constructor(options: CmsClientOptions) {
    this.#options = options;
    this.version = identifyManagementService(options.service)?.version ?? 1;
    this.actions = options.scpd === undefined ? undefined : new Set(options.scpd.actions.keys());
  }

  async getSupportedDataModels(signal?: AbortSignal): Promise<readonly SubTree[]> {
    const text = await this.#callForText('GetSupportedDataModels', {}, signal);
    return this.#decode('GetSupportedDataModels', (onRejected) =>
      documents.decodeSupportedDataModels(text, onRejected),
    );
  }

  async getSupportedParameters(
    startingNode: string,
    searchDepth: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const action = 'GetSupportedParameters';
    const text = await this.#callForText(
      action,
      { StartingNode: startingNode, SearchDepth: String(searchDepth) },
      signal,
    );
    return this.#decode(action, (onRejected) =>
      documents.decodePathList('StructurePathList', text, onRejected),
    );
  }

  async getInstances(
    startingNode: string,
    searchDepth: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const action = 'GetInstances';
    const text = await this.#callForText(
      action,
      { StartingNode: startingNode, SearchDepth: String(searchDepth) },
      signal,
    );
    return this.#decode(action, (onRejected) =>
      documents.decodePathList('InstancePathList', text, onRejected),
    );
  }

  async getValues(paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    for (const slice of slicesOf(paths)) {
      const parameters = documents.encodePathList('ContentPathList', slice);
      const text = await this.#callForText('GetValues', { Parameters: parameters }, signal);
      const part = await this.#decode('GetValues', (onRejected) =>
        documents.decodeParameterValueList(text, onRejected),
      );
      for (const [path, value] of part) values.set(path, value);
    }
    return values;
  }

  async getSelectedValues(
    startingNode: string,
    filter: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const action = 'GetSelectedValues';
    const text = await this.#callForText(action, { StartingNode: startingNode, Filter: filter }, signal);
    return this.#decode(action, (onRejected) => documents.decodeParameterValueList(text, onRejected));
  }

  /** One action whatever the size: the device makes all changes or none. */
  async setValues(values: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<ChangeStatus> {
    const list = documents.encodeParameterValueList(values);
    return toChangeStatus(await this.#callForText('SetValues', { ParameterValueList: list }, signal));
  }

  async createInstance(
    table: string,
    initialValues: ReadonlyMap<string, string>,
    signal?: AbortSignal,
  ): Promise<{ readonly instancePath: string; readonly status: ChangeStatus }> {
    const create = (initialization: string): Promise<OutArguments> =>
      this.#call(
        'CreateInstance',
        { MultiInstanceName: table, ChildrenInitialization: initialization },
        signal,
      );
    const list = documents.encodeParameterInitialValueList(initialValues);
    let out: OutArguments;
    try {
      out = await create(list);
    } catch (error) {
      // The schema wants one entry at least, the standard does not say how to give none: some devices want no list at all.
      const refused =
        initialValues.size === 0 &&
        error instanceof ActionError &&
        (error.code === INVALID_XML_ARGUMENT || error.code === INVALID_ARGUMENTS);
      if (!refused) throw error;
      out = await create('');
    }
    const status = toChangeStatus(this.#outArgument('CreateInstance', 1, out));
    const identifier = this.#outArgument('CreateInstance', 0, out);
    return { instancePath: this.#toInstancePath(table, identifier), status };
  }

  async deleteInstance(instancePath: string, signal?: AbortSignal): Promise<ChangeStatus> {
    return toChangeStatus(
      await this.#callForText('DeleteInstance', { InstanceIdentifier: instancePath }, signal),
    );
  }

  async getAttributes(
    paths: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, NodeAttributes>> {
    const attributes = new Map<string, NodeAttributes>();
    const asked = new Set(paths);
    for (const slice of slicesOf(paths)) {
      const parameters = documents.encodePathList('NodeAttributePathList', slice);
      const text = await this.#callForText('GetAttributes', { Parameters: parameters }, signal);
      const part = await this.#decode('GetAttributes', (onRejected) =>
        documents.decodeNodeAttributeValueList(text, onRejected),
      );
      // A table without its final slash is still the table that was asked for.
      for (const [path, value] of part) {
        attributes.set(isLeaf(path) && !asked.has(path) && asked.has(`${path}/`) ? `${path}/` : path, value);
      }
    }
    return attributes;
  }

  async setAttributes(
    attributes: ReadonlyMap<string, WritableAttributes>,
    signal?: AbortSignal,
  ): Promise<ChangeStatus> {
    let status: ChangeStatus = 'ChangesApplied';
    // Unlike values, attributes are independent of one another: a list of any length is cut like a request to read.
    for (const slice of slicesOf([...attributes.keys()])) {
      const list = documents.encodeNodeAttributeValueList(
        new Map(slice.map((path) => [path, attributes.get(path) ?? {}])),
      );
      const answer = await this.#callForText('SetAttributes', { NodeAttributeValueList: list }, signal);
      if (toChangeStatus(answer) === 'ChangesCommitted') status = 'ChangesCommitted';
    }
    return status;
  }

  getConfigurationUpdate(signal?: AbortSignal): Promise<UpdateVariable> {
    return this.#getUpdate('GetConfigurationUpdate', signal);
  }

  async getCurrentConfigurationVersion(signal?: AbortSignal): Promise<number> {
    const action = 'GetCurrentConfigurationVersion';
    const text = (await this.#callForText(action, {}, signal)).trim();
    if (!/^\d{1,10}$/.test(text)) throw this.#unusable(action, 'its answer is not a number');
    return Number(text);
  }

  getSupportedDataModelsUpdate(signal?: AbortSignal): Promise<UpdateVariable> {
    return this.#getUpdate('GetSupportedDataModelsUpdate', signal);
  }

  getSupportedParametersUpdate(signal?: AbortSignal): Promise<UpdateVariable> {
    return this.#getUpdate('GetSupportedParametersUpdate', signal);
  }

  getAttributeValuesUpdate(signal?: AbortSignal): Promise<UpdateVariable> {
    return this.#getUpdate('GetAttributeValuesUpdate', signal);
  }

  getInconsistentStatus(signal?: AbortSignal): Promise<boolean> {
    return this.#getFlag('GetInconsistentStatus', signal);
  }

  getAlarmsEnabled(signal?: AbortSignal): Promise<boolean> {
    return this.#getFlag('GetAlarmsEnabled', signal);
  }

  async setAlarmsEnabled(enabled: boolean, signal?: AbortSignal): Promise<void> {
    await this.#call('SetAlarmsEnabled', { StateVariableValue: enabled ? '1' : '0' }, signal);
  }

  async getAclData(paths: readonly string[], signal?: AbortSignal): Promise<readonly documents.AclEntry[]> {
    const startingNodes = documents.encodePathList('ACLDataPathList', paths);
    const text = await this.#callForText('GetACLData', { StartingNodes: startingNodes }, signal);
    return this.#decode('GetACLData', () => documents.decodeAcl(text));
  }

  async #getUpdate(action: CmsActionName, signal: AbortSignal | undefined): Promise<UpdateVariable> {
    const update = parseUpdateVariable(await this.#callForText(action, {}, signal));
    if (update === undefined) throw this.#unusable(action, 'its answer has no counter');
    return update;
  }

  async #getFlag(action: CmsActionName, signal: AbortSignal | undefined): Promise<boolean> {
    const flag = documents.parseFlag(await this.#callForText(action, {}, signal));
    if (flag === undefined) throw this.#unusable(action, 'its answer is not a boolean');
    return flag;
  }

  #toInstancePath(table: string, text: string): string {
    const answer = collapseToken(text);
    const path = /^\d+\/?$/.test(answer)
      ? repairPath(joinPath(table, answer), 'instance')
      : repairPath(answer, 'instance');
    if (
      pathProblem(path, 'instance') === undefined &&
      path.startsWith(table) &&
      /^\d+\/$/.test(path.slice(table.length))
    ) {
      return path;
    }
    throw this.#unusable('CreateInstance', `the new instance "${answer.slice(0, 256)}" is not in ${table}`);
  }

  async #callForText(
    action: CmsActionName,
    inputs: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    return this.#outArgument(action, 0, await this.#call(action, inputs, signal));
  }

  /** By the standard's name, else by the device's, else the only one there is, else what came without a name. */
  #outArgument(action: CmsActionName, index: number, out: OutArguments): string {
    const standard: CmsAction = CMS_ACTIONS[action];
    const own = this.#options.scpd?.actions
      .get(action)
      ?.arguments.filter(({ direction }) => direction === 'out');
    const sole = out.size === 1 && standard.out.length === 1 ? [...out.values()][0] : undefined;
    return (
      out.get(standard.out[index] ?? '') ?? out.get(own?.[index]?.name ?? '') ?? sole ?? out.get('') ?? ''
    );
  }

  /** Invokes, and comes back a few times when the device says that it is busy. */
  async #call(
    action: CmsActionName,
    inputs: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<OutArguments> {
    const { controlPoint, device, service, scpd, clock } = this.#options;
    const standard: CmsAction = CMS_ACTIONS[action];
    if (standard.optional && this.actions?.has(action) === false) {
      throw new ActionError(
        'upnp',
        NOT_IMPLEMENTED,
        service.serviceType,
        action,
        'the device does not offer it',
      );
    }
    const inArguments = wireArguments(standard.in, scpd, action).map(
      (argument) => [argument.wire, inputs[argument.standard] ?? ''] as const,
    );
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await controlPoint.invoke(
          device,
          service,
          action,
          inArguments,
          signal === undefined ? {} : { signal },
        );
      } catch (error) {
        const delay = RETRY_DELAYS_MS[attempt];
        const asksToComeBack = error instanceof ActionError && error.source === 'upnp' && isBusy(error);
        if (!asksToComeBack || delay === undefined || signal?.aborted === true) throw error;
        await this.#waitOr(delay, signal, clock, error);
      }
    }
  }

  /** @throws the device's own error when the caller's time is up first: it tells more than "aborted" */
  async #waitOr(
    delay: number,
    signal: AbortSignal | undefined,
    clock: Clock,
    error: ActionError,
  ): Promise<void> {
    try {
      await sleep(clock, delay, signal);
    } catch {
      throw error;
    }
  }

  async #decode<T>(action: CmsActionName, decode: (onRejected: OnRejected) => Promise<T>): Promise<T> {
    let rejected = 0;
    let first: { entry: string; reason: string } | undefined;
    const onRejected: OnRejected = (entry, reason) => {
      rejected += 1;
      first ??= { entry, reason };
    };
    try {
      const result = await decode(onRejected);
      if (rejected > 0) {
        this.#options.logger?.warn('bad paths left out of the answer of a device', {
          udn: this.#options.device.announcement.udn,
          action,
          count: rejected,
          first,
        });
      }
      return result;
    } catch (error) {
      if (error instanceof documents.DocumentError) throw this.#unusable(action, error.message, error);
      throw error;
    }
  }

  #unusable(action: CmsActionName, why: string, cause?: Error): ActionError {
    return new ActionError(
      'transport',
      0,
      this.#options.service.serviceType,
      action,
      `${action}: ${why}`,
      cause === undefined ? undefined : { cause },
    );
  }
}

/** The client of one ConfigurationManagement service, of any version. */
export function createCmsClient(options: CmsClientOptions): CmsClient {
  return new RemoteCmsClient(options);
}
