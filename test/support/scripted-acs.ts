import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request that the ACS got. */
export interface AcsRecord {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Counts TCP connections from 1. */
  readonly connection: number;
  /** Local name of the message in the body; '' for an empty POST, 'Fault' for a fault. */
  readonly message: string;
  /** cwmp:ID, '' when absent. */
  readonly id: string;
}

export type AcsAnswer =
  | 'drop'
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | readonly string[]>>;
      readonly body?: string | Buffer;
    };

/** Answers a request, or waits for a condition before it does. */
export type AcsScript = (request: AcsRecord, all: readonly AcsRecord[]) => AcsAnswer | Promise<AcsAnswer>;

/** An ACS of raw strings on 127.0.0.1 that does what a test says and records everything. Shares nothing with src/cwmp. */
export class ScriptedAcs {
  readonly requests: AcsRecord[] = [];
  script: AcsScript = emptySession();
  readonly #server: Server;
  readonly #sockets = new Map<Socket, number>();
  #connections = 0;

  private constructor() {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const record: AcsRecord = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          rawHeaders: request.rawHeaders,
          body,
          connection: this.#sockets.get(request.socket) ?? 0,
          message: /<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)/.exec(body)?.[1] ?? '',
          id: /<(?:[\w-]+:)?ID[^>]*>([^<]*)</.exec(body)?.[1] ?? '',
        };
        this.requests.push(record);
        void Promise.resolve(this.script(record, this.requests)).then((answer) => {
          if (answer === 'drop') {
            request.socket.destroy();
            return;
          }
          const content = answer.body ?? '';
          response.writeHead(answer.status ?? (content.length === 0 ? 204 : 200), {
            ...(content.length === 0 ? {} : { 'Content-Type': 'text/xml; charset=utf-8' }),
            ...Object.fromEntries(
              Object.entries(answer.headers ?? {}).map(([name, value]) => [
                name,
                typeof value === 'string' ? value : [...value],
              ]),
            ),
            'Content-Length': Buffer.byteLength(content),
          });
          response.end(content);
        });
      });
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.set(socket, ++this.#connections);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<ScriptedAcs> {
    const acs = new ScriptedAcs();
    await new Promise<void>((resolve) => acs.#server.listen(0, '127.0.0.1', resolve));
    return acs;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/acs`;
  }

  get connections(): number {
    return this.#connections;
  }

  /** Bodies of all Informs. */
  get informs(): AcsRecord[] {
    return this.requests.filter(({ message }) => message === 'Inform');
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}

/** An envelope in the form of a deployed ACS. */
export function acsEnvelope(body: string, id = 'abc123', header = '', namespace = 'cwmp-1-2'): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?><soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"' +
    ' xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"' +
    ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cwmp="urn:dslforum-org:${namespace}">` +
    `<soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">${id}</cwmp:ID>${header}</soap-env:Header>` +
    `<soap-env:Body>${body}</soap-env:Body></soap-env:Envelope>`
  );
}

export function informResponse(request: AcsRecord, header = ''): string {
  return acsEnvelope(
    '<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>',
    request.id,
    header,
  );
}

export function acsFault(request: AcsRecord, code: number): string {
  return acsEnvelope(
    '<soap-env:Fault><faultcode>Server</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault>' +
      `<FaultCode>${code}</FaultCode><FaultString>no</FaultString></cwmp:Fault></detail></soap-env:Fault>`,
    request.id,
  );
}

/** Inform, empty POST, 204. */
export function emptySession(): AcsScript {
  return (request) => (request.message === 'Inform' ? { body: informResponse(request) } : {});
}

/** A session in which the ACS calls `calls` (bodies of envelopes) one after the other. */
export function callingSession(calls: readonly string[]): AcsScript {
  let next = 0;
  return (request) => {
    if (request.message === 'Inform') return { body: informResponse(request) };
    const call = calls[next++];
    return call === undefined ? {} : { body: acsEnvelope(call, `call${next}`) };
  };
}

/** Event codes of an Inform, in order. */
export function eventCodes(inform: AcsRecord): string[] {
  return [...inform.body.matchAll(/<EventCode>([^<]*)</g)].map((match) => match[1] ?? '');
}

/** Code and, if there is one, CommandKey of each event. */
export function eventsWithKeys(inform: AcsRecord): string[] {
  const events = inform.body.matchAll(/<EventCode>([^<]*)<\/EventCode>\s*<CommandKey(?:\/>|>([^<]*)<)/g);
  return [...events].map(([, code = '', key = '']) => `${code} ${key}`.trim());
}
