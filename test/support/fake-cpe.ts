import { createHash } from 'node:crypto';
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeParameter {
  value: string;
  readonly type: string;
  readonly writable: boolean;
  notification?: number;
}

/** A CPE of a few raw strings: an opponent for the lab ACS that shares nothing with the daemon. */
export class FakeCpe {
  readonly serial: string;
  readonly parameters = new Map<string, FakeParameter>();
  /** Bodies of the ACS's requests, in order. */
  readonly requests: string[] = [];
  /** Requests of the ACS that are answered with this fault code instead. */
  readonly faults = new Map<string, string>();
  cookie = '';
  connectionRequestStatus = 200;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;
  readonly #listener = http.createServer((request, response) => {
    this.#connectionRequested(request, response);
  });
  #nextInstance = 1;

  constructor(acsUrl: string, serial = '0001') {
    this.#url = acsUrl;
    this.serial = serial;
    const set = (name: string, value: string, type: string, writable: boolean): void => {
      this.parameters.set(name, { value, type, writable });
    };
    set('Device.DeviceInfo.ModelName', 'Fake <1>', 'xsd:string', false);
    set('Device.DeviceInfo.SoftwareVersion', '1.0', 'xsd:string', false);
    set('Device.DeviceInfo.ProvisioningCode', '', 'xsd:string', true);
    set('Device.DeviceInfo.UpTime', '17', 'xsd:unsignedInt', false);
    set('Device.ManagementServer.ConnectionRequestURL', '', 'xsd:string', false);
    set('Device.ManagementServer.ConnectionRequestUsername', '', 'xsd:string', true);
    set('Device.ManagementServer.ConnectionRequestPassword', '', 'xsd:string', true);
    set('Device.ManagementServer.PeriodicInformEnable', '0', 'xsd:boolean', true);
    set('Device.ManagementServer.PeriodicInformInterval', '86400', 'xsd:unsignedInt', true);
    set('Device.ManagementServer.PeriodicInformTime', '0001-01-01T00:00:00Z', 'xsd:dateTime', true);
  }

  get id(): string {
    return `00D09E-Fake-${this.serial}`;
  }

  /** Starts the connection request listener. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#listener.listen(0, '127.0.0.1', resolve));
    const { port } = this.#listener.address() as AddressInfo;
    this.#set('Device.ManagementServer.ConnectionRequestURL', `http://127.0.0.1:${port}/secret?x=1`);
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    this.#listener.closeAllConnections();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  /** One whole session. @returns the status that ended it */
  async session(...events: string[]): Promise<number> {
    this.#agent.destroy();
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let answer = await this.post(this.inform(...events));
    if (answer.status !== 200) return answer.status;
    answer = await this.post('');
    while (answer.status === 200) answer = await this.post(this.#answer(answer.body));
    this.cookie = '';
    return answer.status;
  }

  inform(...events: string[]): string {
    const list = events.map(
      (code) => `<EventStruct><EventCode>${code}</EventCode><CommandKey/></EventStruct>`,
    );
    const names = [
      'Device.DeviceInfo.SoftwareVersion',
      'Device.ManagementServer.ConnectionRequestURL',
      ...[...this.parameters].filter(([, { notification = 0 }]) => notification > 0).map(([name]) => name),
    ];
    return this.envelope(
      'i1',
      `<cwmp:Inform><DeviceId><Manufacturer>Fake &amp; Sons</Manufacturer><OUI>00D09E</OUI><ProductClass>Fake</ProductClass>` +
        `<SerialNumber>${this.serial}</SerialNumber></DeviceId><Event>${list.join('')}</Event><MaxEnvelopes>1</MaxEnvelopes>` +
        `<CurrentTime>2026-01-01T00:00:00Z</CurrentTime><RetryCount>0</RetryCount><ParameterList>${this.#values(names)}</ParameterList></cwmp:Inform>`,
    );
  }

  envelope(id: string, body: string, namespace = 'urn:dslforum-org:cwmp-1-2'): string {
    return (
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cwmp="${namespace}"><s:Header>` +
      `<cwmp:ID s:mustUnderstand="1">${id}</cwmp:ID></s:Header><s:Body>${body}</s:Body></s:Envelope>`
    );
  }

  /** One POST on the session's connection, with the cookie that it was given. */
  post(body: string | Buffer, headers: Record<string, string> = {}): Promise<FakeResponse> {
    return new Promise((resolve, reject) => {
      const all = {
        'Content-Length': String(Buffer.byteLength(body)),
        ...(this.cookie === '' ? {} : { Cookie: this.cookie }),
        ...headers,
      };
      const request = http.request(this.#url, { method: 'POST', agent: this.#agent, headers: all });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const cookie = response.headers['set-cookie']?.[0];
          if (cookie !== undefined) this.cookie = cookie.split(';')[0] ?? '';
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          });
        });
      });
      request.end(body);
    });
  }

  /** Leaves the session's connection: the next POST opens another. */
  reconnect(): void {
    this.#agent.destroy();
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  #answer(request: string): string {
    this.requests.push(request);
    const id = textOf(request, 'cwmp:ID');
    const method = /<soap-env:Body><cwmp:(\w+)/.exec(request)?.[1] ?? '?';
    const fault = this.faults.get(method);
    if (fault !== undefined) return this.fault(id, fault);
    return this.envelope(id, this.#perform(method, request));
  }

  fault(id: string, code: string): string {
    return this.envelope(
      id,
      `<s:Fault><faultcode>Client</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault><FaultCode>${code}</FaultCode>` +
        `<FaultString>Refused</FaultString><SetParameterValuesFault><ParameterName>Device.X</ParameterName><FaultCode>9007</FaultCode>` +
        `<FaultString>Invalid value</FaultString></SetParameterValuesFault></cwmp:Fault></detail></s:Fault>`,
    );
  }

  #perform(method: string, request: string): string {
    const names = [...request.matchAll(/<string>([^<]*)<\/string>/g)].map((match) => match[1] ?? '');
    const object = textOf(request, 'ObjectName');
    switch (method) {
      case 'GetParameterNames':
        return `<cwmp:GetParameterNamesResponse><ParameterList>${this.#names(textOf(request, 'ParameterPath'))}</ParameterList></cwmp:GetParameterNamesResponse>`;
      case 'GetParameterValues':
        return `<cwmp:GetParameterValuesResponse><ParameterList>${this.#values(names)}</ParameterList></cwmp:GetParameterValuesResponse>`;
      case 'GetParameterAttributes':
        return `<cwmp:GetParameterAttributesResponse><ParameterList>${names.map((name) => `<ParameterAttributeStruct><Name>${name}</Name><Notification>${this.parameters.get(name)?.notification ?? 0}</Notification><AccessList/></ParameterAttributeStruct>`).join('')}</ParameterList></cwmp:GetParameterAttributesResponse>`;
      case 'SetParameterAttributes': {
        const target = this.parameters.get(textOf(request, 'Name'));
        if (target !== undefined) target.notification = Number(textOf(request, 'Notification'));
        return '<cwmp:SetParameterAttributesResponse/>';
      }
      case 'SetParameterValues':
        for (const [, name = '', value = ''] of request.matchAll(
          /<Name>([^<]*)<\/Name><Value[^>]*>([^<]*)</g,
        )) {
          this.#set(name, value);
        }
        return '<cwmp:SetParameterValuesResponse><Status>0</Status></cwmp:SetParameterValuesResponse>';
      case 'AddObject': {
        const instance = this.#nextInstance++;
        this.parameters.set(`${object}${instance}.Enable`, {
          value: '0',
          type: 'xsd:boolean',
          writable: true,
        });
        return `<cwmp:AddObjectResponse><InstanceNumber>${instance}</InstanceNumber><Status>0</Status></cwmp:AddObjectResponse>`;
      }
      case 'DeleteObject':
        for (const name of [...this.parameters.keys()]) {
          if (name.startsWith(object)) this.parameters.delete(name);
        }
        return '<cwmp:DeleteObjectResponse><Status>0</Status></cwmp:DeleteObjectResponse>';
      default:
        return `<cwmp:${method}Response/>`;
    }
  }

  #names(path: string): string {
    const found = new Map<string, boolean>();
    if (path === 'Device.') found.set('Device.Table.', true);
    for (const [name, { writable }] of this.parameters) {
      if (!name.startsWith(path)) continue;
      const dot = name.indexOf('.', path.length);
      const entry = dot < 0 ? name : name.slice(0, dot + 1);
      found.set(entry, dot < 0 ? writable : entry.startsWith('Device.Table.'));
    }
    return [...found]
      .map(
        ([name, writable]) =>
          `<ParameterInfoStruct><Name>${name}</Name><Writable>${writable ? 1 : 0}</Writable></ParameterInfoStruct>`,
      )
      .join('');
  }

  #values(names: readonly string[]): string {
    const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
    return names
      .map((name) => {
        const { value = '', type = 'xsd:string' } = this.parameters.get(name) ?? {};
        return `<ParameterValueStruct><Name>${name}</Name><Value xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}">${escape(value)}</Value></ParameterValueStruct>`;
      })
      .join('');
  }

  #set(name: string, value: string): void {
    const parameter = this.parameters.get(name);
    if (parameter !== undefined) parameter.value = value;
  }

  #connectionRequested(request: IncomingMessage, response: http.ServerResponse): void {
    const username = this.parameters.get('Device.ManagementServer.ConnectionRequestUsername')?.value ?? '';
    const password = this.parameters.get('Device.ManagementServer.ConnectionRequestPassword')?.value ?? '';
    if (this.connectionRequestStatus !== 200) {
      response.writeHead(this.connectionRequestStatus).end();
      return;
    }
    const given = request.headers.authorization ?? '';
    const part = (name: string): string =>
      new RegExp(`[ ,]${name}="?([^",]*)`).exec(given)?.[1] ?? `no ${name}`;
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const expected = md5(
      `${md5(`${username}:cpe:${password}`)}:nonce:${part('nc')}:${part('cnonce')}:auth:${md5(`GET:${request.url ?? ''}`)}`,
    );
    if (part('response') !== expected) {
      response.writeHead(401, { 'WWW-Authenticate': 'Digest realm="cpe", nonce="nonce", qop="auth"' }).end();
      return;
    }
    response.writeHead(200, { 'Content-Length': '0' }).end(() => {
      void this.session('6 CONNECTION REQUEST');
    });
  }
}

function textOf(xml: string, tag: string): string {
  return new RegExp(`<${tag}(?:\\s[^>]*)?>([^<]*)<`).exec(xml)?.[1] ?? '';
}
