import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import { sendConnectionRequest } from '../../src/lab/acs/connection-request.ts';
import { captureLog } from '../support/captured-log.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const PASSPHRASE = 'Device.WiFi.AccessPoint.1.Security.KeyPassphrase';
const MODELS = 'Device.DeviceInfo.SupportedDataModel.';

describe('secrets', () => {
  const [udn, embeddedUdn] = [`uuid:${randomUUID()}`, `uuid:${randomUUID()}`];
  const serialNumber = udn.slice(-8);
  const virtual = `0090D5-AP5-${serialNumber}`;
  const log = captureLog();
  /** What nobody but the ACS and the devices may ever see. */
  const secrets = new Set<string>();
  const secret = (name: string): string => {
    const text = `${name}-${randomUUID().slice(0, 8)}`;
    secrets.add(text);
    return text;
  };
  let house: House;
  let wifi: LabDevice;
  let embedded: LabDevice;

  const isReady = (device: LabDevice): boolean =>
    house.daemon?.status().devices.find((shown) => shown.udn === device.udn)?.state === 'ready';
  const write = (id: string, values: Readonly<Record<string, string>>): Promise<number> =>
    house.acs
      .cpe(id)
      .setParameterValues(
        Object.entries(values).map(([name, value]) => ({ name, value, type: 'xsd:string' })),
      );
  const faultOf = async (id: string, values: Readonly<Record<string, string>>): Promise<string> => {
    const fault: unknown = await write(id, values).catch((error: unknown) => error);
    expect(fault).to.be.instanceOf(Error);
    return `${String(fault)} ${JSON.stringify(fault)}`;
  };
  const get = async (path: string): Promise<string> => {
    const { host, port } = house.daemon?.addresses.status ?? { host: '', port: 0 };
    return (await fetch(`http://${host}:${port}${path}`)).text();
  };
  /** [TR-181 SupportedDataModel.URL] */
  const documentsOf = async (id: string): Promise<string[]> => {
    const values = await house.acs.cpe(id).getParameterValues([MODELS]);
    const urls = values.filter(({ name }) => name.endsWith('.URL')).map(({ value }) => value);
    const { hostname } = new URL(house.acs.devices.get(id)?.connectionRequestUrl ?? '');
    return Promise.all(
      urls.map(async (url) => (await fetch(url.replace('//localhost', `//${hostname}`))).text()),
    );
  };
  const expectNone = (where: string, text: string): void => {
    for (const hidden of secrets) expect(text.includes(hidden), `${hidden} ${where}`).to.equal(false);
  };

  before(async () => {
    const password = secret('acs-password');
    house = await House.open({
      logger: log.logger,
      acs: { authentication: { scheme: 'digest', username: 'cpe', password } },
      devices: {
        default: 'ignore',
        rules: [
          { match: { udn }, mechanism: 'virtual' },
          { match: { udn: embeddedUdn }, mechanism: 'embedded' },
        ],
      },
      config: (config) => ({
        ...config,
        acs: { ...config.acs, username: 'cpe', password },
        proxier: { ...config.proxier, endpoint: true },
        embedded: { answerTimeoutSeconds: 1 },
      }),
    });
    wifi = await house.addDevice({ profile: 'wifi', udn, identity: { serialNumber } });
    embedded = await house.addDevice({
      profile: 'wifi',
      udn: embeddedUdn,
      identity: { serialNumber: embeddedUdn.slice(-8) },
    });
    await house.startDaemon();
    await waitFor(() => isReady(wifi) && isReady(embedded), 'the devices', 20_000);
    for (const id of [virtual, PROXIER]) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
      // The path is what authorises its user.
      secrets.add(new URL(house.acs.devices.get(id)?.connectionRequestUrl ?? '').pathname.slice(1));
      secrets.add(house.acs.devices.get(id)?.credentials?.password ?? 'no password yet');
    }
  });

  after(() => house.close());

  it('that the ACS writes are obeyed at once', async () => {
    const cpe = house.acs.devices.get(virtual);
    if (cpe?.credentials === undefined) throw new Error('no credentials yet');
    const { connectionRequestUrl: url, credentials: old } = cpe;
    const fresh = { username: 'caller', password: secret('call-password') };
    await write(virtual, {
      'Device.ManagementServer.ConnectionRequestUsername': fresh.username,
      'Device.ManagementServer.ConnectionRequestPassword': fresh.password,
    });
    await house.acs.waitForIdle(virtual);
    cpe.credentials = fresh;
    expect((await sendConnectionRequest(url, old)).status).to.equal(401);
    expect((await sendConnectionRequest(url, { ...fresh, username: old.username })).status).to.equal(401);
    expect((await sendConnectionRequest(url, fresh)).status).to.equal(200);
    await house.acs.waitForIdle(virtual);

    const passphrase = secret('passphrase');
    await write(virtual, { [PASSPHRASE]: passphrase });
    const stored = wifi.requests.filter(({ action }) => action === 'SetValues').at(-1);
    expect(Object.values(stored?.arguments ?? {}).join()).to.contain(passphrase);
  });

  it('do not come back to the ACS in a fault, whatever the device says of them', async () => {
    const passphrase = secret('refused');
    const description = `invalid value '${passphrase}'`;
    const faults = [
      { action: 'SetValues', code: 705, description },
      { action: 'SetValues', code: 501, description },
      { action: 'SetValues', behaviour: 'http500' as const },
      { action: 'SetValues', behaviour: 'brokenXml' as const },
    ];
    for (const fault of faults) {
      wifi.setFault(fault);
      const told = await faultOf(virtual, { [PASSPHRASE]: passphrase });
      if ('code' in fault) expect(told).to.contain(`UPnP error ${fault.code}`);
      expectNone('in a fault', told);
    }
    wifi.setFault(undefined);
    // A value that the schema refuses.
    expectNone('in a fault', await faultOf(virtual, { [PASSPHRASE]: secret('long').repeat(10) }));
  });

  it('do not come back in what is said of a command that was queued', async () => {
    const vendorRow = 'Device.X_0011AA_ProxiedDevice.1.';
    const names = await house.acs.cpe(PROXIER).getParameterNames(vendorRow, false);
    const name = names
      .map((each) => each.name)
      .find((each) => each.endsWith('AccessPoint.1.Security.KeyPassphrase'));
    const passphrase = secret('queued');
    embedded.setFault({ action: 'SetValues', behaviour: 'silent' });
    expect(await write(PROXIER, { [name ?? 'no passphrase']: passphrase })).to.equal(1);
    embedded.setFault({ action: 'SetValues', code: 705, description: `no ${passphrase}` });
    await embedded.stop();
    await embedded.comeBack();
    const row = 'Device.ManagementServer.EmbeddedDevice.1.';
    const error = await house.acs.perform(PROXIER, (session) =>
      waitFor(
        async () => {
          const [processed, message] = await session.getParameterValues([
            `${row}CommandProcessed`,
            `${row}CommandProcessingErrMsg`,
          ]);
          return processed?.value === 'Error' ? message?.value : undefined;
        },
        'the refusal',
        20_000,
      ),
    );
    expect(error).to.contain('705');
    expectNone('in CommandProcessingErrMsg', error);
  });

  it('are in no log, on no status page and in no document', async () => {
    const password = secret('new-acs-password');
    for (const id of [virtual, PROXIER]) {
      const documents = await documentsOf(id);
      expect(documents).not.to.deep.equal([]);
      for (const document of documents) {
        expect(document).to.contain('<dt:document');
        expectNone('in a document', document);
      }
      const values = await house.acs.cpe(id).getParameterValues(['Device.']);
      const told = values.filter(({ name }) => !name.endsWith('.ConnectionRequestURL'));
      expect(told.length).to.be.greaterThan(50);
      expectNone('in a value', JSON.stringify(told));
      // From now on the daemon cannot log in any more.
      await write(id, { 'Device.ManagementServer.Password': password });
    }
    await waitFor(() => log.lines.some((line) => line.includes('session succeeded')), 'a session in the log');
    await house.acs.connectionRequest(PROXIER);
    await waitFor(
      () => log.lines.some((line) => line.includes('session failed')),
      'a login that fails',
      20_000,
    );
    for (const path of ['/', '/api/status', '/healthz', '/metrics'])
      expectNone(`at ${path}`, await get(path));
    await house.stopDaemon();
    expect(log.lines.length).to.be.greaterThan(20);
    expectNone('in the log', log.lines.join('\n'));
  });
});
