import { request } from 'node:http';
import { expect } from 'chai';

import { silentLogger } from '../../../src/platform/logger.ts';
import { createStatusServer } from '../../../src/status/status-server.ts';
import type { StatusServer } from '../../../src/status/status-server.ts';
import type { StatusSnapshot } from '../../../src/status/status-snapshot.ts';

const SNAPSHOT: StatusSnapshot = {
  version: '9.9.9',
  uptimeSeconds: 93_784,
  process: { rssKiB: 102_400, heapUsedKiB: 20_480, timers: 7, sockets: 5 },
  endpoints: [
    {
      identity: { manufacturer: 'Maker', oui: '00D09E', productClass: 'Nas', serialNumber: 'S1' },
      connectionRequestUrl: 'http://192.0.2.1:7547/verySecretPath',
      enableCwmp: true,
      lastInform: {
        time: '2026-01-01T00:00:00.000Z',
        events: ['0 BOOTSTRAP'],
        result: 'failed',
        error: '<b>no</b>',
      },
      retryCount: 2,
      pendingEvents: [{ code: '4 VALUE CHANGE', commandKey: '' }],
      inSession: false,
    },
  ],
  isProxierOn: false,
  embedded: [],
  devices: [
    {
      udn: 'uuid:1',
      friendlyName: '<script>alert(1)</script>',
      address: '192.168.1.2',
      services: ['urn:schemas-upnp-org:service:ConfigurationManagement:2'],
      state: 'ready',
      identity: { manufacturer: 'Maker', oui: '00D09E', productClass: 'Nas', serialNumber: 'S1' },
      mechanism: 'virtual',
      subscription: 'active',
      lastSync: undefined,
      note: 'identity is claimed twice',
    },
  ],
};

describe('status server', () => {
  let server: StatusServer;
  let port: number;
  let reason: string | undefined;

  beforeEach(async () => {
    reason = undefined;
    server = createStatusServer({
      host: '127.0.0.1',
      port: 0,
      snapshot: () => SNAPSHOT,
      unhealthy: () => reason,
      logger: silentLogger,
    });
    ({ port } = await server.start());
  });
  afterEach(() => server.stop());

  const get = (
    path: string,
    host = `127.0.0.1:${port}`,
    method = 'GET',
  ): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      request({ port, path, method, headers: { host } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body });
        });
      })
        .on('error', reject)
        .end();
    });

  it('gives scripts the contract’s names and no secret', async () => {
    const { status, body } = await get('/api/status');
    expect(status).to.equal(200);
    expect(JSON.parse(body)).to.deep.equal({
      version: '9.9.9',
      uptimeSeconds: 93_784,
      process: SNAPSHOT.process,
      proxierEndpoint: 'off',
      endpoints: [
        {
          manufacturer: 'Maker',
          oui: '00D09E',
          productClass: 'Nas',
          serialNumber: 'S1',
          mechanism: 'virtual',
          connectionRequestUrl: 'http://192.0.2.1:7547/…',
          enableCwmp: true,
          lastInform: SNAPSHOT.endpoints[0]?.lastInform,
          inSession: false,
          retryCount: 2,
          pendingEvents: [{ code: '4 VALUE CHANGE', commandKey: '' }],
        },
      ],
      devices: [{ ...SNAPSHOT.devices[0], lastSync: null }],
      embedded: [],
      inventory: null,
    });
  });

  it('shows people the same, with markup of devices as text', async () => {
    const { status, body } = await get('/');
    expect(status).to.equal(200);
    for (const text of [
      '00D09E-Nas-S1',
      '4 VALUE CHANGE',
      'identity is claimed twice',
      '1 d 2 h',
      'uuid:1',
    ]) {
      expect(body).to.contain(text);
    }
    expect(body).to.contain('&lt;script&gt;').and.not.contain('<script');
    expect(body).not.to.contain('verySecretPath');
    expect(body).not.to.match(/(src|href)="https?:/);
  });

  it('tells health', async () => {
    expect(await get('/healthz')).to.deep.equal({ status: 200, body: 'ok\n' });
    reason = 'no interface is up';
    expect(await get('/healthz')).to.deep.equal({ status: 503, body: 'no interface is up\n' });
  });

  it('answers to addresses and localhost only', async () => {
    expect((await get('/api/status', 'evil.example:80')).status).to.equal(403);
    for (const host of ['localhost', `[::1]:${port}`, '192.168.1.1']) {
      expect((await get('/healthz', host)).status, host).to.equal(200);
    }
  });

  it('has nothing else', async () => {
    expect((await get('/nothing')).status).to.equal(404);
    expect((await get('/api/status', undefined, 'POST')).status).to.equal(405);
  });
});
