import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import type { Arguments } from './cms-service.ts';
import { isFatal, type ActionFault, type DeviceFault, type FatalBehaviour } from './device-fault.ts';
import type { EventPublisher } from './event-publisher.ts';
import type { LabAddress } from './network.ts';
import { writeScpd, type ServiceTable } from './service-table.ts';
import { readActionRequest, writeActionResponse, writeFault } from './soap.ts';
import { SERVER } from './ssdp-responder.ts';
import { UpnpError } from './upnp-error.ts';

/**
 * A subscriber has to take note of its SID first: GUPnP, for one, now and then loses an event that comes right behind it. [UDA 4.1.2]
 * wants the initial event after the answer.
 */
const INITIAL_EVENT_MS = 30;

/** One service with its events, as the HTTP server needs it. */
export interface HostedService {
  readonly table: ServiceTable;
  readonly publisher: EventPublisher;
  /** Takes note of an action that was read well, before any fault is shown. */
  readonly received: (action: string, input: Arguments) => void;
  /** Executes an action that was read well. @throws UpnpError */
  readonly invoke: (action: string, input: Arguments) => Promise<Arguments> | Arguments;
  /** Called when the answer of an action is on its way. */
  readonly answered: (action: string) => void;
}

export interface DeviceHttpOptions {
  readonly address: LabAddress;
  readonly port: number;
  readonly clock: Clock;
  readonly description: () => string;
  readonly services: readonly HostedService[];
  readonly fault: () => DeviceFault | undefined;
  /** Send the initial event and wait for its answer before SUBSCRIBE is answered. */
  readonly initialEventFirst: boolean;
}

const DRIP_MS = 1000;
const LARGEST_BODY_BYTES = 8 * 1024 * 1024;

class BodyTooLarge extends Error {}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY_BYTES) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The device's web server: description, SCPD, control and eventing. */
export class DeviceHttp {
  readonly #options: DeviceHttpOptions;
  readonly #server: Server;

  constructor(options: DeviceHttpOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else this.#answer(response, error instanceof BodyTooLarge ? 413 : 500, {});
      });
    });
  }

  /** Opens the socket. @returns the port @throws when the port is taken */
  async start(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, this.#options.address.address, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : this.#options.port;
  }

  /** Closes the socket and every connection at once. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://device').pathname;
    if (path === '/description.xml') return this.#document(request, response, this.#options.description());
    const service = this.#options.services.find(({ table }) => path.startsWith(`/${table.name}/`));
    switch (service === undefined ? undefined : path.slice(service.table.name.length + 2)) {
      case 'scpd.xml':
        return this.#document(request, response, service === undefined ? '' : writeScpd(service.table));
      case 'control':
        return service === undefined ? undefined : this.#control(service, request, response);
      case 'event':
        return service === undefined ? undefined : this.#eventing(service, request, response);
      default:
        return this.#answer(response, 404, {});
    }
  }

  #answer(
    response: ServerResponse,
    status: number,
    headers: Readonly<Record<string, string>>,
    body: string | Buffer = '',
  ): void {
    const type = body.length === 0 ? {} : { 'CONTENT-TYPE': 'text/xml; charset="utf-8"' };
    const length = String(Buffer.byteLength(body));
    response.writeHead(status, { SERVER, ...type, ...headers, 'CONTENT-LENGTH': length });
    response.end(body);
  }

  #document(request: IncomingMessage, response: ServerResponse, document: string): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') this.#answer(response, 405, {});
    else this.#answer(response, 200, {}, document);
  }

  async #control(service: HostedService, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return this.#answer(response, 405, { ALLOW: 'POST' });
    const body = await readBody(request);
    let action = '';
    let answer: string;
    let status = 200;
    let fault: ActionFault | undefined;
    try {
      const call = readActionRequest(service.table, header(request, 'soapaction') ?? '', body);
      action = call.action;
      service.received(action, call.arguments);
      fault = this.#faultOf(action);
      if (fault !== undefined && 'code' in fault) throw new UpnpError(fault.code, fault.description);
      if (fault !== undefined && 'behaviour' in fault && isFatal(fault.behaviour)) {
        return this.#misbehave(fault.behaviour, response);
      }
      answer = writeActionResponse(call, await service.invoke(action, call.arguments));
    } catch (error) {
      status = 500;
      answer = writeFault(error instanceof UpnpError ? error : new UpnpError(501));
    }
    response.once('finish', () => service.answered(status === 200 ? action : ''));
    if (fault !== undefined && 'delayMs' in fault) {
      this.#options.clock.schedule(fault.delayMs, () => this.#control200(response, status, answer));
    } else if (fault !== undefined && 'behaviour' in fault) {
      if (fault.behaviour === 'latin1') this.#control200(response, status, Buffer.from(answer, 'latin1'));
      else this.#drip(response, answer);
    } else this.#control200(response, status, answer);
  }

  #control200(response: ServerResponse, status: number, answer: string | Buffer): void {
    const date = new Date(this.#options.clock.now()).toUTCString();
    if (!response.destroyed) this.#answer(response, status, { DATE: date, EXT: '' }, answer);
  }

  #faultOf(action: string): ActionFault | undefined {
    const fault = this.#options.fault();
    if (fault === undefined || 'events' in fault) return undefined;
    return fault.action === action || fault.action === '*' ? fault : undefined;
  }

  #misbehave(behaviour: FatalBehaviour, response: ServerResponse): void {
    switch (behaviour) {
      case 'silent':
        // The connection stays open and nothing is ever written to it.
        return;
      case 'http500':
        return this.#answer(response, 500, {});
      case 'brokenXml':
        return this.#answer(response, 200, { EXT: '' }, '<s:Envelope><s:Body><u:Cut');
    }
  }

  #drip(response: ServerResponse, answer: string): void {
    const bytes = Buffer.from(answer);
    response.writeHead(200, { 'CONTENT-LENGTH': String(bytes.length) });
    const next = (index: number): void => {
      if (response.destroyed) return;
      if (index >= bytes.length) {
        response.end();
        return;
      }
      response.write(bytes.subarray(index, index + 1));
      this.#options.clock.schedule(DRIP_MS, () => next(index + 1));
    };
    next(0);
  }

  async #eventing(service: HostedService, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sid = header(request, 'sid');
    const callback = header(request, 'callback');
    const nt = header(request, 'nt');
    const timeout = header(request, 'timeout');
    const { publisher } = service;
    switch (request.method) {
      case 'SUBSCRIBE':
        break;
      case 'UNSUBSCRIBE':
        if (sid === undefined || callback !== undefined || nt !== undefined) {
          return this.#answer(response, sid === undefined ? 412 : 400, {});
        }
        return this.#answer(response, publisher.unsubscribe(sid).status, {});
      default:
        return this.#answer(response, 405, { ALLOW: 'SUBSCRIBE, UNSUBSCRIBE' });
    }
    if (sid !== undefined) {
      if (callback !== undefined || nt !== undefined) return this.#answer(response, 400, {});
      const renewal = publisher.renew(sid, timeout);
      return this.#answer(response, renewal.status, renewal.headers);
    }
    if (callback === undefined || nt !== 'upnp:event') return this.#answer(response, 412, {});
    const fault = this.#options.fault();
    // The connection stays open and nothing is ever written to it.
    if (fault !== undefined && 'events' in fault && fault.events === 'unconfirmed') return;
    const subscription = publisher.subscribe(callback, timeout, this.#options.address);
    if (this.#options.initialEventFirst) await subscription.sendInitial?.();
    else {
      response.once('finish', () =>
        this.#options.clock.schedule(INITIAL_EVENT_MS, () => void subscription.sendInitial?.()),
      );
    }
    this.#answer(response, subscription.status, subscription.headers);
  }
}
