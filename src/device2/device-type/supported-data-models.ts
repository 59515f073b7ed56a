import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { DataModel, StructureChange } from '../../datamodel/data-model.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { aliasColumn } from '../alias-column.ts';
import { LocalTable } from '../local-table.ts';
import {
  describeModel,
  objectRefOf,
  type SupportedBeyondModel,
  type SupportedObject,
} from './describe-model.ts';
import { formatDeviceType, type DeviceTypeDocument } from './format-device-type.ts';
import type { PublishedModel } from './published-model.ts';
import { ServiceVariants } from './service-variants.ts';

/** Serves documents to the ACS; see ConnectionRequestListener. */
export interface DocumentPublisher {
  /**
   * Serves `/dt/<name>` until the returned function is called.
   * @param get undefined: there is no such document any more
   * @param moved called when `url` has become another
   */
  publish(
    name: string,
    get: () => Promise<string | undefined>,
    moved: () => void,
  ): { readonly url: string; readonly unpublish: () => void };
}

export interface SupportedDataModelsOptions {
  readonly model: DataModel;
  readonly store: DocumentStore;
  readonly storeKey: string;
  readonly publisher: DocumentPublisher;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A URI that names the kind of device. */
  readonly deviceType: string;
  readonly root: PublishedModel;
  /** URIs of the service models as the device of that row of a Service Object names them. */
  readonly serviceUris?: (rowPath: string) => readonly string[];
  /** In its refs, instance numbers of rows of Service Objects may stand for themselves. */
  readonly beyond?: () => SupportedBeyondModel;
}

interface ModelRow {
  readonly uuid: string;
  readonly urn: string;
  /** The document, gzipped, in base64: a device that is away after a restart cannot be described anew. */
  readonly document: string;
  /** Refs of the objects that it describes begin with it: references to the row are known before anything is described. */
  readonly scope: string;
  readonly alias?: string;
}

interface NamedDocument extends DeviceTypeDocument {
  readonly urn: string;
  /** Refs of the objects that it describes begin with it. */
  readonly scope: string;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A device that is read gets its nodes in many steps: one document for all of them is enough. */
const QUIET_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

/**
 * [TR-181 DeviceInfo.SupportedDataModel] One row for the Root Object and one for each kind and version of Service Object, with documents made
 * of the model itself. A document never changes under its UUID: when the model changes, another row with another UUID takes the
 * place of the old one.
 */
export class SupportedDataModels {
  readonly #options: SupportedDataModelsOptions;
  readonly #table: LocalTable<ModelRow>;
  readonly #variants: ServiceVariants;
  readonly #published = new Map<string, { readonly url: string; readonly unpublish: () => void }>();
  /** The scope of each current document, longest first, with its UUID. */
  #scopes: readonly { readonly scope: string; readonly uuid: string }[] = [];
  /** The objects described last, by their refs. */
  #described: ReadonlyMap<string, SupportedObject> = new Map();
  readonly #listeners = new Set<() => void>();
  #timer: Timer | undefined;
  #updating: Promise<void> = Promise.resolve();
  #firstChange: number | undefined;
  #undo: () => void = () => undefined;
  #stopped = false;

  constructor(options: SupportedDataModelsOptions) {
    const { model, store, storeKey } = options;
    this.#options = options;
    this.#variants = new ServiceVariants(options.serviceUris ?? (() => []));
    this.#table = new LocalTable<ModelRow>({
      model,
      path: `${model.root.path}DeviceInfo.SupportedDataModel.`,
      storage: { store, key: storeKey },
      restore: (stored) => (isModelRow(stored) ? stored : undefined),
      columns: {
        Alias: aliasColumn<ModelRow>(),
        URL: {
          type: 'string',
          constraint: { maxLength: 2048 },
          get: (row) => this.#published.get(row.uuid)?.url ?? '',
        },
        UUID: {
          type: 'string',
          constraint: {
            minLength: 36,
            maxLength: 36,
            pattern: /[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}/,
          },
          get: (row) => row.uuid,
        },
        URN: { type: 'string', constraint: { maxLength: 256 }, get: (row) => row.urn },
        Features: { type: 'string', constraint: { list: true }, get: () => '' },
      },
    });
    for (const { row } of this.#table.rows) this.#publish(row.uuid);
    this.#scopes = longestFirst([...this.#table.rows].map(({ row }) => row));
  }

  /** From now on the table follows the model. Resolves when it has rows: [TR-181] it MUST NOT be empty. */
  async start(): Promise<void> {
    this.#undo = this.#options.model.onStructureChange((change) => {
      if (!this.#isKnown(change)) this.#schedule();
    });
    if (this.#table.size === 0) await this.#updateInTurn();
    else this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#undo();
    this.#timer?.cancel();
    this.#listeners.clear();
    for (const { unpublish } of this.#published.values()) unpublish();
  }

  /** The device says something else of itself, though no node came or went. */
  supportChanged(): void {
    this.#schedule();
  }

  /** The row whose document describes the object at `path`, as the value of a reference; '' while there is none. */
  referenceFor(path: string): string {
    const ref = this.#refOf(path);
    const found = this.#scopes.find(({ scope }) => ref.startsWith(scope));
    return found === undefined ? '' : this.#table.reference(found.uuid);
  }

  /** `listener` is called after rows came or went. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Rows that come and go in a table that is described already change nothing. */
  #isKnown({ added, removed }: StructureChange): boolean {
    const { model } = this.#options;
    return [...added, ...removed].every((path) => {
      const ref = this.#refOf(path);
      return path.endsWith('.') &&
        ref.endsWith('}.') &&
        this.#described.has(ref) &&
        model.find(path)?.kind !== 'parameter'
        ? this.#isDescribedWhole(path)
        : false;
    });
  }

  /** Whether everything at and below a row that came is described. */
  #isDescribedWhole(path: string): boolean {
    const { model } = this.#options;
    const node = model.find(path);
    if (node?.kind !== 'object') return true;
    const described = this.#described.get(this.#refOf(path));
    for (const child of node.children.values()) {
      if (child.kind === 'parameter') {
        // A row may have what none before it had, or tell the type that nobody knew while there was none.
        const known = described?.parameters.get(child.name);
        if (known?.type !== child.type || (child.writable && !known.writable)) return false;
        continue;
      }
      if (!this.#described.has(this.#refOf(child.table ? `${child.path}1.` : child.path))) return false;
      if (!this.#isDescribedWhole(child.path)) return false;
    }
    return true;
  }

  #schedule(): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const now = clock.monotonic();
    this.#firstChange ??= now;
    this.#timer?.cancel();
    this.#timer = clock.schedule(
      Math.min(QUIET_MS, Math.max(0, this.#firstChange + LONGEST_WAIT_MS - now)),
      () => {
        this.#firstChange = undefined;
        void this.#updateInTurn();
      },
    );
  }

  /** One after the other: the later one must have the last word. */
  #updateInTurn(): Promise<void> {
    this.#updating = this.#updating
      .then(() => this.#update())
      .catch((error: unknown) => {
        this.#options.logger.error('the supported data model could not be described', {
          error: String(error),
        });
      });
    return this.#updating;
  }

  async #update(): Promise<void> {
    const documents = await this.#documents();
    const rows = await Promise.all(documents.map((document) => this.#rowOf(document)));
    if (this.#stopped) return;
    const wanted = new Set(documents.map(({ uuid }) => uuid));
    const gone = [...this.#table.rows].filter(({ row }) => !wanted.has(row.uuid));
    for (const { uuid } of documents) this.#publish(uuid);
    await Promise.all([
      ...rows.map((row) => this.#table.put(row.uuid, row)),
      ...gone.map(({ key }) => this.#table.remove(key)),
    ]);
    // Meanwhile stopped: everything is withdrawn, and the names may be somebody else's.
    for (const { row } of this.#stopped ? [] : gone) {
      this.#published.get(row.uuid)?.unpublish();
      this.#published.delete(row.uuid);
    }
    this.#scopes = longestFirst(documents);
    for (const listener of [...this.#listeners]) listener();
  }

  async #rowOf({ uuid, urn, scope, text }: NamedDocument): Promise<ModelRow> {
    const known = this.#table.find(uuid)?.row;
    if (known !== undefined) return { ...known, scope };
    return { uuid, urn, scope, document: (await compress(text)).toString('base64') };
  }

  #publish(uuid: string): void {
    if (this.#published.has(uuid)) return;
    const get = async (): Promise<string | undefined> => {
      const document = this.#table.find(uuid)?.row.document;
      return document === undefined
        ? undefined
        : (await decompress(Buffer.from(document, 'base64'))).toString('utf8');
    };
    const moved = (): void => {
      const { model } = this.#options;
      const parameter = model.find(`${this.#table.reference(uuid)}.URL`);
      const value = this.#published.get(uuid)?.url ?? '';
      if (parameter?.kind === 'parameter') model.reportValueChanges([{ parameter, value }]);
    };
    this.#published.set(uuid, this.#options.publisher.publish(`${uuid}.xml`, get, moved));
  }

  async #documents(): Promise<NamedDocument[]> {
    const { model, root, deviceType, beyond } = this.#options;
    const variants = this.#variants;
    variants.refresh();
    const objects = await describeModel(model, beyond && variants.beyond(beyond()), variants.rowName);
    this.#described = objects;
    const own: SupportedObject[] = [];
    const services = new Map<string, { published: PublishedModel; described: SupportedObject[] }>();
    for (const object of objects.values()) {
      const service = variants.objectAt(object.ref);
      if (service === undefined) {
        own.push(object);
        continue;
      }
      const { scope, ref, published } = service;
      const group = services.get(scope) ?? { published, described: [] };
      group.described.push({ ...object, ref });
      services.set(scope, group);
    }
    const documentOf = (
      scope: string,
      published: PublishedModel,
      described: readonly SupportedObject[],
    ): NamedDocument => ({
      ...formatDeviceType({ deviceType, model: published, objects: described }),
      urn: published.spec,
      scope,
    });
    return [
      documentOf(model.root.path, root, own),
      ...[...services].map(([scope, { published, described }]) => documentOf(scope, published, described)),
    ];
  }

  #refOf(path: string): string {
    return objectRefOf(this.#options.model, path, this.#variants.rowName);
  }
}

function longestFirst(
  rows: readonly { readonly scope: string; readonly uuid: string }[],
): readonly { readonly scope: string; readonly uuid: string }[] {
  return rows.map(({ scope, uuid }) => ({ scope, uuid })).sort((a, b) => b.scope.length - a.scope.length);
}

function isModelRow(stored: unknown): stored is ModelRow {
  if (typeof stored !== 'object' || stored === null) return false;
  const { uuid, urn, document, scope, alias } = stored as Partial<Record<keyof ModelRow, unknown>>;
  return (
    [uuid, urn, document, scope].every((text) => typeof text === 'string') &&
    (alias === undefined || typeof alias === 'string')
  );
}
