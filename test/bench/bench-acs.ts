import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Asked of a CPE within a session; `label` groups what is measured. */
export interface BenchRequest {
  readonly label: string;
  /** Body of the RPC, without the envelope. */
  readonly rpc: string;
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
  informCount = 0;
  sessionCount = 0;
  #listeners = new Set<(serial: string) => void>();
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

  #answer(socket: Socket, body: Buffer, response: http.ServerResponse): void {
    const now = performance.now();
    const state = this.#states.get(socket) ?? { serial: '', pending: undefined };
    this.#states.set(socket, state);
    if (state.pending !== undefined) {
      this.samples.push({ label: state.pending.label, milliseconds: now - state.pending.since, body });
      state.pending = undefined;
    } else if (body.length > 0 && body.subarray(0, 2000).includes('Inform>')) {
      const head = body.toString('latin1');
      state.serial = /<SerialNumber>([^<]*)</.exec(head)?.[1] ?? '';
      const url = /ConnectionRequestURL<\/Name><Value[^>]*>([^<]*)</.exec(head)?.[1];
      if (url !== undefined) this.connectionRequestUrls.set(state.serial, url);
      this.informCount += 1;
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
    send(response, `${OPEN}${next.rpc}${CLOSE}`);
    state.pending = { label: next.label, since: performance.now() };
  }
}

function send(response: http.ServerResponse, body: string): void {
  response.writeHead(200, {
    'Content-Type': 'text/xml; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
