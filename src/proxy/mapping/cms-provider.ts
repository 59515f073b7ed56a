import { ModelError, TransactionError } from '../../datamodel/model-error.ts';
import type { ObjectNode, ParameterNode } from '../../datamodel/node.ts';
import type { AddedRow, ApplyStatus, Change, Provider, ReadOutcome } from '../../datamodel/provider.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ChangeStatus, CmsClient } from '../../upnp-dm/types.ts';
import type { Shadow } from '../shadow.ts';
import { cmsLeaf, type CmsLeaf } from './cms-leaf.ts';
import { readLeaves } from './cms-reader.ts';
import type { ContentPaths } from './content-paths.ts';
import { modelErrorOf } from './error-map.ts';
import type { ReferenceTranslator } from './references.ts';
import { refusalFaults } from './refusal.ts';
import { toCmsValue, toCwmpValue } from './value-mapping.ts';

/** The provider's view of the device it answers for; it changes when the device leaves, returns or is described anew. */
export interface DeviceAccess {
  /** Undefined while the Proxied Device is offline. */
  readonly client: CmsClient | undefined;
  /** True while an active subscription guarantees that we hear of every change of an EventOnChange leaf. */
  readonly eventsReliable: boolean;
  readonly references: ReferenceTranslator;
  readonly contentPaths: ContentPaths;
  /** Takes over values that were read and reports those that changed by themselves. */
  valuesRead(values: ReadonlyMap<string, string>, generation: number): void;
  /** Gives the device values of the ACS, by CMS path. @throws what the CMS client throws */
  write(values: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<ChangeStatus>;
  /** Makes the device add or delete a row, of which the ACS knows. @throws what `change` throws */
  changeRows<T>(cmsTablePath: string, by: 1 | -1, change: () => Promise<T>): Promise<T>;
  /** The device no longer matches the model: describe it anew, soon, not now. */
  structureDoubtful(): void;
  /** These nodes were read, and nobody knows whether they raise events. */
  eventsUnknown(eventPaths: readonly string[]): void;
  /** Takes a row that the device has just created into the model. */
  rowCreated(cmsRowPath: string, signal?: AbortSignal): Promise<void>;
  rowDeleted(cmsRowPath: string): void;
}

/** Answers for every parameter that lives in a device's ConfigurationManagement service. */
export class CmsProvider implements Provider {
  readonly name = 'cms';
  readonly remote = true;
  readonly #shadow: Shadow;
  readonly #access: DeviceAccess;
  readonly #logger: Logger;

  constructor(shadow: Shadow, access: DeviceAccess, logger: Logger) {
    this.#shadow = shadow;
    this.#access = access;
    this.#logger = logger;
  }

  read(
    parameters: readonly ParameterNode[],
    signal?: AbortSignal,
  ): readonly ReadOutcome[] | Promise<readonly ReadOutcome[]> {
    const stale: string[] = [];
    for (const parameter of parameters) {
      const leaf = cmsLeaf(parameter);
      if (!this.#isFresh(leaf)) stale.push(leaf.cmsPath);
    }
    if (stale.length === 0) return parameters.map((parameter) => this.#shadowValue(cmsLeaf(parameter)));
    return this.#readStale(parameters, stale, signal);
  }

  lastKnown(parameter: ParameterNode): string | undefined {
    const value = this.#shadowValue(cmsLeaf(parameter));
    return typeof value === 'string' ? value : undefined;
  }

  async apply(changes: readonly Change[], signal?: AbortSignal): Promise<ApplyStatus> {
    const client = this.#client();
    const values = new Map<string, string>();
    for (const { parameter, value } of changes) {
      const { cmsPath, type } = cmsLeaf(parameter);
      values.set(cmsPath, toCmsValue(type, value, this.#shadow.get(cmsPath), this.#access.references));
    }
    let status: ChangeStatus;
    try {
      status = await this.#access.write(values, signal);
    } catch (error) {
      throw new TransactionError(await refusalFaults(client, error, changes, signal));
    }
    return applyStatus(status);
  }

  async addRow(table: ObjectNode, signal?: AbortSignal): Promise<AddedRow> {
    const client = this.#client();
    const tablePath = cmsObjectPath(table);
    let created: { readonly instancePath: string; readonly status: ChangeStatus };
    try {
      created = await this.#access.changeRows(tablePath, 1, () =>
        client.createInstance(tablePath, new Map(), signal),
      );
    } catch (error) {
      throw modelErrorOf(error, table.path);
    }
    const number = /\/(\d+)\/?$/.exec(created.instancePath)?.[1];
    if (number === undefined) {
      throw new ModelError('internal', 'the device did not say which row it created', table.path);
    }
    await this.#access.rowCreated(`${tablePath}${number}/`, signal);
    return { instanceNumber: Number(number) + 1, status: applyStatus(created.status) };
  }

  async deleteRow(row: ObjectNode, signal?: AbortSignal): Promise<ApplyStatus> {
    const rowPath = cmsObjectPath(row);
    try {
      const client = this.#client();
      const status = await this.#access.changeRows(rowPath.replace(/[^/]+\/$/, ''), -1, () =>
        client.deleteInstance(rowPath, signal),
      );
      this.#access.rowDeleted(rowPath);
      return applyStatus(status);
    } catch (error) {
      throw modelErrorOf(error, row.path);
    }
  }

  async #readStale(
    parameters: readonly ParameterNode[],
    stale: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ReadOutcome[]> {
    const client = this.#access.client;
    if (client === undefined) {
      const offline = new ModelError('retryLater', 'the device is offline');
      return parameters.map((parameter) =>
        this.#isFresh(cmsLeaf(parameter)) ? this.#shadowValue(cmsLeaf(parameter)) : offline,
      );
    }
    const generation = this.#shadow.generation;
    const result = await readLeaves(client, this.#access.contentPaths.compact(stale), stale, signal);
    this.#access.valuesRead(result.values, generation);
    const unknown = parameters
      .map(cmsLeaf)
      .filter(({ cmsPath, eventOnChange }) => eventOnChange === 'unknown' && result.values.has(cmsPath));
    if (unknown.length > 0) this.#access.eventsUnknown(unknown.map(({ eventPath }) => eventPath));
    if (result.structureChanged) {
      this.#logger.info('device no longer matches its description, reading it anew');
      this.#access.structureDoubtful();
    }
    return parameters.map((parameter) => {
      const leaf = cmsLeaf(parameter);
      const error = result.errors.get(leaf.cmsPath);
      return error === undefined
        ? this.#shadowValue(leaf)
        : new ModelError(error.kind, error.message, parameter.path);
    });
  }

  #isFresh(leaf: CmsLeaf): boolean {
    return leaf.eventOnChange === true && this.#access.eventsReliable && this.#shadow.isCurrent(leaf.cmsPath);
  }

  #shadowValue(leaf: CmsLeaf): ReadOutcome {
    const raw = this.#shadow.get(leaf.cmsPath);
    return raw === undefined
      ? new ModelError('internal', 'no value is known')
      : toCwmpValue(leaf.type, raw, this.#access.references);
  }

  #client(): CmsClient {
    const { client } = this.#access;
    if (client === undefined) throw new ModelError('retryLater', 'the device is offline');
    return client;
  }
}

function cmsObjectPath(object: ObjectNode): string {
  if (typeof object.handle !== 'string') {
    throw new ModelError('readOnly', 'rows of this table cannot be created or deleted', object.path);
  }
  return object.handle;
}

function applyStatus(status: ChangeStatus): ApplyStatus {
  return status === 'ChangesApplied' ? 'applied' : 'committed';
}
