import { randomBytes } from 'node:crypto';

import { AttributeStore } from '../datamodel/attributes.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import { EventQueue } from './events/event-queue.ts';
import { ValueChanges } from './events/value-changes.ts';
import type { EndpointEvent } from './types.ts';

export interface ScheduledInform {
  /** Wall clock, milliseconds since the epoch. */
  readonly dueMs: number;
  readonly commandKey: string;
}

/** What belongs together is one document, so that a crash cannot part it: an event and what it stands for. */
interface EventsDocument {
  readonly events: readonly EndpointEvent[];
  readonly valueChanges: readonly { readonly path: string; readonly active: boolean }[];
  readonly scheduled: readonly ScheduledInform[];
  /** The ACS URL to which 0 BOOTSTRAP was delivered. */
  readonly bootstrappedUrl?: string;
}

interface EndpointDocument {
  readonly parameterKey: string;
  readonly connectionRequestPath: string;
  /** The last that was advertised; undefined before the first start. */
  readonly connectionRequestUrl?: string;
}

/** The durable state of one endpoint: three documents under its store key, written only when they changed. */
export class EndpointState {
  readonly queue: EventQueue;
  readonly valueChanges: ValueChanges;
  scheduled: readonly ScheduledInform[];
  bootstrappedUrl: string | undefined;
  attributes: AttributeStore;
  readonly #store: DocumentStore;
  readonly #key: string;
  #endpoint: EndpointDocument;
  #savedEvents: string;
  /** Settles when the last write has. */
  #saving: Promise<void> = Promise.resolve();

  constructor(store: DocumentStore, key: string) {
    this.#store = store;
    this.#key = key;
    const events = store.get<Partial<EventsDocument>>(`${key}/events`);
    this.queue = new EventQueue(events?.events);
    this.valueChanges = new ValueChanges(events?.valueChanges);
    this.scheduled = events?.scheduled ?? [];
    this.bootstrappedUrl = events?.bootstrappedUrl;
    this.attributes = AttributeStore.from(store.get(`${key}/attributes`));
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

  /** Resolves when durable. */
  async replaceAttributes(attributes: AttributeStore): Promise<void> {
    await this.#store.put(`${this.#key}/attributes`, attributes.toJSON());
    this.attributes = attributes;
  }

  /** Writes events, value changes, scheduled Informs and the bootstrapped URL if any changed; resolves when durable. */
  saveEvents(): Promise<void> {
    const document = this.#eventsDocument();
    const text = JSON.stringify(document);
    if (text !== this.#savedEvents) {
      this.#savedEvents = text;
      this.#saving = this.#store.put(`${this.#key}/events`, document);
      this.#saving.catch(() => {
        this.#savedEvents = '';
      });
    }
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
      ...(this.bootstrappedUrl === undefined ? {} : { bootstrappedUrl: this.bootstrappedUrl }),
    };
  }
}
