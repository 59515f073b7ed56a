import { randomBytes } from 'node:crypto';

import { AttributeStore } from '../datamodel/attributes.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import { EventQueue } from './events/event-queue.ts';
import { ValueChanges } from './events/value-changes.ts';
import { WatchedValues } from './events/watched-values.ts';
import type { PendingNotification } from './lightweight/lightweight-notifier.ts';
import type { EndpointEvent } from './types.ts';

export interface ScheduledInform {
  /** Wall clock, milliseconds since the epoch. */
  readonly dueMs: number;
  /** Milliseconds that were left when this was written: it never has more left. Absent in what older versions wrote. */
  readonly remainingMs?: number;
  readonly commandKey: string;
}

/** What belongs together is one document, so that a crash cannot part it: an event and what it stands for. */
interface EventsDocument {
  readonly events: readonly EndpointEvent[];
  readonly valueChanges: readonly { readonly path: string; readonly active: boolean }[];
  readonly scheduled: readonly ScheduledInform[];
  /** Changes that wait for a Lightweight Notification. */
  readonly lightweight?: readonly PendingNotification[];
  /** The ACS URL to which 0 BOOTSTRAP was delivered. */
  readonly bootstrappedUrl?: string;
}

interface EndpointDocument {
  readonly parameterKey: string;
  readonly connectionRequestPath: string;
  /** The last that was advertised; undefined before the first start. */
  readonly connectionRequestUrl?: string;
}

/** The durable state of one endpoint: documents under its store key, written only when they changed. */
export class EndpointState {
  readonly queue: EventQueue;
  readonly valueChanges: ValueChanges;
  readonly watchedValues: WatchedValues;
  scheduled: readonly ScheduledInform[];
  lightweight: readonly PendingNotification[];
  bootstrappedUrl: string | undefined;
  #attributes: AttributeStore;
  readonly #store: DocumentStore;
  readonly #key: string;
  #endpoint: EndpointDocument;
  #told: Readonly<Record<string, string>>;
  #isToldSaved = true;
  #savedEvents: string;
  /** Settles when the last write has. */
  #saving: Promise<void> = Promise.resolve();
  /** Settles when the last change of the attributes has. */
  #changing: Promise<unknown> = Promise.resolve();

  /** @param onEventGivenUp see EventQueue */
  constructor(
    store: DocumentStore,
    key: string,
    onEventGivenUp: (event: EndpointEvent) => void = () => undefined,
  ) {
    this.#store = store;
    this.#key = key;
    const events = store.get<Partial<EventsDocument>>(`${key}/events`);
    this.queue = new EventQueue(events?.events, onEventGivenUp);
    this.valueChanges = new ValueChanges(events?.valueChanges);
    const buckets = store.keys(`${key}/watched/`).map((bucket) => readTexts(store.get<unknown>(bucket)));
    this.watchedValues = new WatchedValues(buckets);
    this.#told = readTexts(store.get<unknown>(`${key}/told`));
    this.scheduled = events?.scheduled ?? [];
    this.lightweight = events?.lightweight ?? [];
    this.bootstrappedUrl = events?.bootstrappedUrl;
    this.#attributes = AttributeStore.from(store.get(`${key}/attributes`));
    const endpoint = store.get<Partial<EndpointDocument>>(`${key}/cwmp`);
    this.#endpoint = {
      parameterKey: endpoint?.parameterKey ?? '',
      connectionRequestPath: endpoint?.connectionRequestPath ?? randomBytes(16).toString('hex'),
      ...(endpoint?.connectionRequestUrl === undefined
        ? {}
        : { connectionRequestUrl: endpoint.connectionRequestUrl }),
    };
    this.#savedEvents = JSON.stringify(this.#eventsDocument());
  }

  get parameterKey(): string {
    return this.#endpoint.parameterKey;
  }

  /** Secret. */
  get connectionRequestPath(): string {
    return this.#endpoint.connectionRequestPath;
  }

  get connectionRequestUrl(): string | undefined {
    return this.#endpoint.connectionRequestUrl;
  }

  /** Resolves when durable. */
  async setParameterKey(parameterKey: string): Promise<void> {
    if (parameterKey === this.#endpoint.parameterKey) return;
    await this.#saveEndpoint({ ...this.#endpoint, parameterKey });
  }

  /** Resolves when durable. */
  async setConnectionRequestUrl(connectionRequestUrl: string): Promise<void> {
    if (connectionRequestUrl === this.#endpoint.connectionRequestUrl) return;
    await this.#saveEndpoint({ ...this.#endpoint, connectionRequestUrl });
  }

  /** Read only; another object after each change. */
  get attributes(): AttributeStore {
    return this.#attributes;
  }

  /**
   * Changes the attributes, one change after the other: each one sees what the one before it left. Resolves when durable; when
   * `change` throws or the write fails, nothing has changed.
   * @param change returns whether it changed anything
   * @returns what `change` returned
   */
  changeAttributes(change: (attributes: AttributeStore) => boolean): Promise<boolean> {
    const done = this.#changing.then(async () => {
      const attributes = this.#attributes.copy();
      if (!change(attributes)) return false;
      await this.#store.put(`${this.#key}/attributes`, attributes.toJSON());
      this.#attributes = attributes;
      return true;
    });
    this.#changing = done.catch(() => undefined);
    return done;
  }

  /** What the last Inform said of a forced parameter of a device. */
  toldOf(path: string): string | undefined {
    return Object.hasOwn(this.#told, path) ? this.#told[path] : undefined;
  }

  setTold(told: Readonly<Record<string, string>>): void {
    if (JSON.stringify(told) === JSON.stringify(this.#told)) return;
    this.#told = told;
    this.#isToldSaved = false;
  }

  /**
   * Writes what changed of events, value changes, scheduled Informs, the bootstrapped URL and what the ACS knows; resolves when
   * durable.
   */
  saveEvents(): Promise<void> {
    const document = this.#eventsDocument();
    const text = JSON.stringify(document);
    const watched = this.watchedValues.takeChanged();
    // In the same tick, so that all are on the disk or none: a change, and that the ACS will know it.
    const writes: Promise<void>[] = [];
    if (text !== this.#savedEvents) writes.push(this.#store.put(`${this.#key}/events`, document));
    for (const [bucket, digests] of watched) {
      writes.push(this.#store.put(`${this.#key}/watched/${bucket}`, digests));
    }
    if (!this.#isToldSaved) writes.push(this.#store.put(`${this.#key}/told`, this.#told));
    if (writes.length === 0) return this.#saving;
    this.#savedEvents = text;
    this.#isToldSaved = true;
    this.#saving = Promise.all(writes).then(() => undefined);
    this.#saving.catch(() => {
      this.#savedEvents = '';
      this.#isToldSaved = false;
      this.watchedValues.notStored(watched.keys());
    });
    return this.#saving;
  }

  async #saveEndpoint(document: EndpointDocument): Promise<void> {
    await this.#store.put(`${this.#key}/cwmp`, document);
    this.#endpoint = document;
  }

  #eventsDocument(): EventsDocument {
    return {
      events: this.queue.toStored(),
      valueChanges: this.valueChanges.toStored(),
      scheduled: this.scheduled,
      ...(this.lightweight.length === 0 ? {} : { lightweight: this.lightweight }),
      ...(this.bootstrappedUrl === undefined ? {} : { bootstrappedUrl: this.bootstrappedUrl }),
    };
  }
}

function readTexts(stored: unknown): Readonly<Record<string, string>> {
  if (typeof stored !== 'object' || stored === null) return {};
  return Object.fromEntries(
    Object.entries(stored).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
