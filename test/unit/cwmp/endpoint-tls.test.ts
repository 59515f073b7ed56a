import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from '../../../src/cwmp/types.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EndpointFixture } from './endpoint-fixture.ts';

/** Certificates of one test run: an own CA, and what it signed. */
class Certificates {
  readonly directory = mkdtempSync(join(tmpdir(), 'cwmp-proxier-tls-'));

  constructor() {
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=Operator CA',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
    );
    this.#sign('acs', 'IP:127.0.0.1,DNS:acs.example', '2');
    this.#sign('elsewhere', 'DNS:elsewhere.example', '2');
    this.#sign('local', 'DNS:localhost', '2');
    this.#sign('expired', 'IP:127.0.0.1', '-1');
    this.#sign('client', 'DNS:cpe.example', '2');
  }

  pem(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8');
  }

  delete(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #sign(name: string, alternativeName: string, days: string): void {
    writeFileSync(join(this.directory, `${name}.ext`), `subjectAltName=${alternativeName}\n`);
    this.#openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    this.#openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      days,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe' });
  }
}

const missing = spawnSync('openssl', ['version']).error === undefined ? '' : ' (skipped: no openssl)';

describe(`CWMP over TLS${missing}`, () => {
  if (missing !== '') {
    it.skip('needs openssl to make certificates');
    return;
  }
  let certificates: Certificates;
  let server: https.Server | undefined;
  let fixture: EndpointFixture | undefined;
  /** Server names that clients asked for. */
  const serverNames: string[] = [];
  /** HTTP requests that came through, and the common name of the client certificate of each. */
  const requests: string[] = [];

  before(() => {
    certificates = new Certificates();
  });

  after(() => {
    certificates.delete();
  });

  afterEach(async () => {
    requests.length = 0;
    serverNames.length = 0;
    await fixture?.endpoint.stop();
    server?.closeAllConnections();
    server?.close();
  });

  /** One session attempt against an ACS with that certificate; how it ended. */
  async function attempt(
    certificate: string,
    tls: Partial<TlsOptions>,
    options: https.ServerOptions = {},
    host = '127.0.0.1',
    challenge: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
  ): Promise<{ readonly result: string; readonly error: string }> {
    server = https.createServer(
      {
        cert: certificates.pem(`${certificate}.pem`),
        key: certificates.pem(`${certificate}.key`),
        ...options,
      },
      (request, response) => {
        const peer = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate() : undefined;
        requests.push(String(peer?.subject?.CN ?? ''));
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
        request.on('end', () => {
          if (challenge(request, response)) return;
          if (!body.includes('Inform>')) {
            response.writeHead(204, { Connection: 'close' }).end();
            return;
          }
          response.writeHead(200, { 'Content-Type': 'text/xml' });
          response.end(
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-2"><e:Header/>' +
              '<e:Body><c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse></e:Body></e:Envelope>',
          );
        });
      },
    );
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    fixture = new EndpointFixture(`https://${host}:${port}/`, {
      endpoint: { tls: () => ({ minVersion: 'TLSv1.2', ...tls }) },
    });
    const { endpoint } = fixture;
    await endpoint.start();
    const inform = await waitFor(() => {
      const { lastInform } = endpoint.status();
      return lastInform?.result === 'running' ? undefined : lastInform;
    }, 'the end of the session');
    return { result: inform.result, error: inform.error ?? '' };
  }

  it('trusts the configured CA', async () => {
    expect((await attempt('acs', { ca: certificates.pem('ca.pem') })).result).to.equal('succeeded');
  });

  it('sends nothing to a server of an unknown CA', async () => {
    const { result, error } = await attempt('acs', {});
    expect(result).to.equal('failed');
    expect(error).to.match(/certificate|self.signed|issuer/i);
    expect(requests).to.deep.equal([]);
  });

  it('sends nothing to a server of another name', async () => {
    const { result, error } = await attempt('elsewhere', { ca: certificates.pem('ca.pem') });
    expect(result).to.equal('failed');
    expect(error).to.match(/127\.0\.0\.1/);
    expect(requests).to.deep.equal([]);
  });

  it('sends nothing to a server whose certificate has expired', async () => {
    const { result, error } = await attempt('expired', { ca: certificates.pem('ca.pem') });
    expect(result).to.equal('failed');
    expect(error).to.match(/expired/i);
    expect(requests).to.deep.equal([]);
  });

  it('sends nothing to a server that knows only TLS 1.1', async () => {
    const { result } = await attempt(
      'acs',
      { ca: certificates.pem('ca.pem') },
      {
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT:@SECLEVEL=0',
      },
    );
    expect(result).to.equal('failed');
    expect(requests).to.deep.equal([]);
  });

  it('shows its client certificate', async () => {
    const { result } = await attempt(
      'acs',
      {
        ca: certificates.pem('ca.pem'),
        certificate: certificates.pem('client.pem'),
        key: certificates.pem('client.key'),
      },
      { requestCert: true, rejectUnauthorized: true, ca: certificates.pem('ca.pem') },
    );
    expect(result).to.equal('succeeded');
    expect(requests[0]).to.equal('client');
  });

  it('names the server that it wants, so that one address can serve several', async () => {
    const own = createSecureContext({
      cert: certificates.pem('local.pem'),
      key: certificates.pem('local.key'),
    });
    const { result } = await attempt(
      'elsewhere',
      { ca: certificates.pem('ca.pem') },
      {
        SNICallback: (name, done) => {
          serverNames.push(name);
          done(null, own);
        },
      },
      'localhost',
    );
    expect(serverNames).to.deep.equal(['localhost']);
    expect(result).to.equal('succeeded');
  });

  it('sends nothing to a server that knows only TLS 1.2 when 1.3 is required', async () => {
    const { result, error } = await attempt(
      'acs',
      { ca: certificates.pem('ca.pem'), minVersion: 'TLSv1.3' },
      { maxVersion: 'TLSv1.2' },
    );
    expect(result).to.equal('failed');
    expect(error).to.match(/version/i);
    expect(requests).to.deep.equal([]);
  });

  it('speaks TLS 1.3 where that is required', async () => {
    const { result } = await attempt('acs', { ca: certificates.pem('ca.pem'), minVersion: 'TLSv1.3' });
    expect(result).to.equal('succeeded');
  });

  it('answers a Basic challenge', async () => {
    const authorizations: (string | undefined)[] = [];
    const challenge = (request: IncomingMessage, response: ServerResponse): boolean => {
      authorizations.push(request.headers.authorization);
      if (request.headers.authorization !== undefined) return false;
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="acs"' }).end();
      return true;
    };
    const { result } = await attempt('acs', { ca: certificates.pem('ca.pem') }, {}, '127.0.0.1', challenge);
    expect(result).to.equal('succeeded');
    expect(authorizations[1]).to.equal(`Basic ${Buffer.from('cpe:secret').toString('base64')}`);
  });
});
