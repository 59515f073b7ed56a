import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { AcsDevice, InformRecord } from './acs-device.ts';
import type { AcsEvent, LabAcs } from './lab-acs.ts';
import { PATIENT_TRIES } from './patience.ts';
import { CpeFault } from './messages.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import { PAGE } from './page.ts';
import { readBody } from './read-body.ts';
import { walkLevel } from './walk-level.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const SHOWN_INFORMS = 100;
const SHOWN_ENVELOPES = 60;
const KEEP_ALIVE_MS = 15_000;

/** Wrong input of the page's user: answered with 400 and its text. */
class BadInput extends Error {}

type Input = Readonly<Record<string, unknown>>;

const ASSETS: Readonly<Record<string, { type: string; content: string }>> = {
  '/': { type: 'text/html; charset=utf-8', content: PAGE },
  '/page.css': { type: 'text/css; charset=utf-8', content: PAGE_STYLE },
  '/page.js': { type: 'text/javascript; charset=utf-8', content: PAGE_SCRIPT },
};

/** The page and its JSON API. No login: what keeps strangers out is the address that the ACS listens on. */
export class WebApi {
  readonly #acs: LabAcs;
  readonly #watchers = new Set<ServerResponse>();
  readonly #stopListening: (() => void)[];
  readonly #keepAlive: NodeJS.Timeout;

  constructor(acs: LabAcs) {
    this.#acs = acs;
    this.#stopListening = [
      acs.onEvent((event) => {
        this.#broadcast(event.kind, describeEvent(event));
      }),
      acs.onEnvelope(({ deviceId, sequence }) => {
        this.#broadcast('envelope', { deviceId, sequence });
      }),
    ];
    this.#keepAlive = setInterval(() => {
      for (const watcher of this.#watchers) watcher.write(':\n\n');
    }, KEEP_ALIVE_MS);
    this.#keepAlive.unref();
  }

  stop(): void {
    clearInterval(this.#keepAlive);
    for (const stop of this.#stopListening) stop();
    for (const watcher of this.#watchers) watcher.end();
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (error instanceof CpeFault) {
        const fault = { code: error.code, text, parameters: error.parameterFaults };
        sendJson(response, 422, { error: text, fault });
      } else sendJson(response, error instanceof BadInput ? 400 : 502, { error: text });
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A name that someone else's DNS points at this address would let any web page in.
    if (!isOwnName(request.headers.host ?? '')) throw new BadInput('open the page by its IP address');
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET') {
      this.#get(pathname, response);
      return;
    }
    const [, deviceId = '', action = ''] = /^\/api\/devices\/([^/]+)\/([\w-]+)$/.exec(pathname) ?? [];
    // A JSON content type cannot be sent by another site's page without this server's consent.
    if (request.method !== 'POST' || !/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      throw new BadInput('POST application/json is expected');
    }
    const device = this.#device(decodeURIComponent(deviceId));
    const input = parseInput(await readBody(request, MAX_BODY_BYTES));
    sendJson(response, 200, await this.#perform(device, action, input));
  }

  #get(path: string, response: ServerResponse): void {
    const asset = ASSETS[path];
    const [, deviceId = '', part = ''] = /^\/api\/devices\/([^/]+)\/(informs|envelopes)$/.exec(path) ?? [];
    if (asset !== undefined) {
      response.writeHead(200, {
        'Content-Type': asset.type,
        'Cache-Control': 'no-store',
        'Content-Security-Policy': "default-src 'self'; img-src data:; frame-ancestors 'none'",
        'X-Content-Type-Options': 'nosniff',
      });
      response.end(asset.content);
    } else if (path === '/api/devices') {
      const known = [...this.#acs.devices.values()].filter((device) => device.lastInform !== undefined);
      sendJson(response, 200, { acsUrl: this.#acs.url, devices: known.map(describeDevice) });
    } else if (path === '/api/events') {
      this.#watch(response);
    } else if (part === 'informs') {
      const device = this.#device(decodeURIComponent(deviceId));
      sendJson(response, 200, device.informs.slice(-SHOWN_INFORMS).map(describeInform));
    } else if (part === 'envelopes') {
      const id = decodeURIComponent(deviceId);
      const entries = this.#acs.transcript.filter((entry) => entry.deviceId === id).slice(-SHOWN_ENVELOPES);
      sendJson(
        response,
        200,
        entries.map((entry) => ({ ...entry, body: entry.body.toString() })),
      );
    } else {
      sendJson(response, 404, { error: 'not found' });
    }
  }

  async #perform(device: AcsDevice, action: string, input: Input): Promise<unknown> {
    const cpe = this.#acs.cpe(device.id);
    switch (action) {
      case 'walk': {
        const path = textOf(input, 'path');
        return this.#acs.perform(device.id, (session) => walkLevel(session, path));
      }
      case 'set': {
        const parameter = {
          name: textOf(input, 'name'),
          value: textOf(input, 'value'),
          type: textOf(input, 'type'),
        };
        return this.#acs.perform(device.id, async (session) => {
          const status = await session.setParameterValues([parameter]);
          return { status, parameters: await session.getParameterValues([parameter.name]) };
        });
      }
      case 'notify': {
        const notification = Number(textOf(input, 'notification'));
        await cpe.setParameterAttributes([{ name: textOf(input, 'name'), notification }]);
        return { notification };
      }
      case 'add':
        return cpe.addObject(textOf(input, 'path'));
      case 'delete':
        return { status: await cpe.deleteObject(textOf(input, 'path')) };
      case 'connection-request':
        return this.#acs.connectionRequest(device.id, PATIENT_TRIES);
      default:
        throw new BadInput(`there is no action '${action}'`);
    }
  }

  #device(deviceId: string): AcsDevice {
    const device = this.#acs.devices.get(deviceId);
    if (device === undefined) throw new BadInput(`no device '${deviceId}' has contacted this ACS`);
    return device;
  }

  /** Server-Sent Events. */
  #watch(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 1000\n\n');
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
  }

  #broadcast(event: string, data: unknown): void {
    if (this.#watchers.size === 0) return;
    const message = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const watcher of this.#watchers) watcher.write(message);
  }
}

function describeEvent(event: AcsEvent): unknown {
  const device = describeDevice(event.device);
  return event.kind === 'inform' ? { device, inform: describeInform(event.inform) } : { device };
}

function describeDevice(device: AcsDevice): Record<string, unknown> {
  const inform = device.lastInform;
  const find = (suffix: string): string =>
    inform?.parameters.find((parameter) => parameter.name === device.root + suffix)?.value ?? '';
  return {
    id: device.id,
    manufacturer: inform?.manufacturer ?? '',
    oui: inform?.oui ?? '',
    productClass: inform?.productClass ?? '',
    serialNumber: inform?.serialNumber ?? '',
    modelName: device.modelName,
    softwareVersion: find('DeviceInfo.SoftwareVersion'),
    connectionRequestUrl: device.connectionRequestUrl,
    root: device.root,
    isOnline: device.isOnline,
    isInSession: device.session !== undefined,
    informCount: device.informs.length,
    lastInform: inform?.time ?? 0,
    lastEvents: inform?.events.map((event) => event.code) ?? [],
  };
}

function describeInform(inform: InformRecord): Record<string, unknown> {
  const { sequence, deviceId, time, events, retryCount, parameters } = inform;
  return { sequence, deviceId, time, events, retryCount, parameters };
}

function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return isIP(name) !== 0 || name === 'localhost' || name === hostname();
}

function parseInput(body: Buffer): Input {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new BadInput('the body is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new BadInput('the body is not a JSON object');
  return Object.fromEntries(Object.entries(value));
}

function textOf(input: Input, key: string): string {
  const value = input[key];
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new BadInput(`'${key}' is missing`);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}
