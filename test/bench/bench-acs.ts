import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Asked of a CPE within a session; `label` groups what is measured. */
export interface BenchRequest {
  readonly label: string;
  /** Body of the RPC, without the envelope. */
  readonly rpc: string;
  /** How long the ACS thinks before it sends this. */
  readonly afterMs?: number;
}

export interface Sample {
  readonly label: string;
  /** From the request being written to the last byte of the answer, milliseconds. */
  readonly milliseconds: number;
  /** Of the answer. */
  readonly body: Buffer;
}

interface SocketState {
  serial: string;
  pending: { readonly label: string; readonly since: number } | undefined;
}

const OPEN =
  '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">1</cwmp:ID></soap-env:Header><soap-env:Body>';
const CLOSE = '</soap-env:Body></soap-env:Envelope>';

/** As an ACS that costs next to nothing: prepared answers, no XML parser. */
export class BenchAcs {
  readonly samples: Sample[] = [];
  readonly connectionRequestUrls = new Map<string, string>();
  /** By device: requests that were answered without a fault. */
  readonly answered = new Map<string, number>();
  informCount = 0;
  sessionCount = 0;
  #listeners = new Set<(serial: string) => void>();
  readonly #informListeners = new Set<(serial: string, body: string) => void>();
  readonly #work = new Map<string, BenchRequest[]>();
  readonly #server: http.Server;
  readonly #states = new WeakMap<Socket, SocketState>();

  constructor() {
    this.#server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.#answer(request.socket, Buffer.concat(chunks), response);
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Work for the device's next session. */
  give(serial: string, requests: readonly BenchRequest[]): void {
    this.#work.set(serial, [...(this.#work.get(serial) ?? []), ...requests]);
  }

  /** Resolves when a session of that device ('*': of any) has ended. */
  sessionEnded(serial: string): Promise<void> {
    return new Promise((resolve) => {
      const listener = (ended: string): void => {
        if (serial !== '*' && ended !== serial) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  /** Resolves with the time of an Inform of that device that holds `text`. */
  informed(serial: string, text: string): Promise<number> {
    return new Promise((resolve) => {
      const listener = (from: string, body: string): void => {
        if (from !== serial || !body.includes(text)) return;
        this.#informListeners.delete(listener);
        resolve(performance.now());
      };
      this.#informListeners.add(listener);
    });
  }

  #answer(socket: Socket, body: Buffer, response: http.ServerResponse): void {
    const now = performance.now();
    const state = this.#states.get(socket) ?? { serial: '', pending: undefined };
    this.#states.set(socket, state);
    if (state.pending !== undefined) {
      this.samples.push({ label: state.pending.label, milliseconds: now - state.pending.since, body });
      state.pending = undefined;
      if (!body.includes('Fault>'))
        this.answered.set(state.serial, (this.answered.get(state.serial) ?? 0) + 1);
    } else if (body.length > 0 && body.subarray(0, 2000).includes('Inform>')) {
      const head = body.toString('latin1');
      state.serial = /<SerialNumber>([^<]*)</.exec(head)?.[1] ?? '';
      const url = /ConnectionRequestURL<\/Name><Value[^>]*>([^<]*)</.exec(head)?.[1];
      if (url !== undefined) this.connectionRequestUrls.set(state.serial, url);
      this.informCount += 1;
      for (const listener of [...this.#informListeners]) listener(state.serial, head);
      send(
        response,
        `${OPEN}<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>${CLOSE}`,
      );
      return;
    }
    const next = this.#work.get(state.serial)?.shift();
    if (next === undefined) {
      response.writeHead(204, { 'Content-Length': 0, Connection: 'close' });
      response.end();
      this.sessionCount += 1;
      for (const listener of [...this.#listeners]) listener(state.serial);
      return;
    }
    const request = (): void => {
      send(response, `${OPEN}${next.rpc}${CLOSE}`);
      state.pending = { label: next.label, since: performance.now() };
    };
    if (next.afterMs === undefined) request();
    else setTimeout(request, next.afterMs);
  }
}

function send(response: http.ServerResponse, body: string): void {
  response.writeHead(200, {
    'Content-Type': 'text/xml; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
