import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { createControlPoint } from '../../../src/upnp/control-point.ts';
import type { ControlPoint, EventMessage } from '../../../src/upnp/types.ts';
import { parseSsdpMessage } from '../../../src/upnp/ssdp/ssdp-message.ts';
import { toSighting } from '../../../src/upnp/ssdp/sighting.ts';
import { FakeUpnpDevice } from '../../support/fake-upnp-device.ts';
import type { FakeRequest } from '../../support/fake-upnp-device.ts';
import { waitFor } from '../../support/wait-for.ts';

const UDN = 'uuid:03cc5f92-1dd2-11b2-abfd-C0A000046200';
const SID = 'uuid:e3008232-1dd1-11b2-803e-b118dd4a4901';
const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/upnp/b2bua/${name}.http`, import.meta.url));

describe('capture of a real ManageableDevice:2', () => {
  let device: FakeUpnpDevice;
  let controlPoint: ControlPoint;
  const replies: string[] = [];

  /** Replays a NOTIFY byte for byte but for the path, in two segments as captured. */
  const replayNotify = async (name: string): Promise<void> => {
    const bytes = fixture(name);
    const end = bytes.indexOf('\r\n\r\n') + 4;
    const head = bytes
      .toString('latin1', 0, end)
      .replace('NOTIFY / ', `NOTIFY ${new URL(device.callback).pathname} `);
    replies.push(await device.sendToCallback(head, bytes.subarray(end)));
  };

  const answer = async ({ method, headers }: FakeRequest): Promise<Buffer | undefined> => {
    if (method === 'GET') return fixture('description-response');
    if (method === 'SUBSCRIBE') return fixture('subscribe-response');
    if (method === 'UNSUBSCRIBE') return fixture('unsubscribe-response');
    if (headers.get('soapaction')?.includes('#SetValues') !== true) return fixture('get-values-response');
    // Frames 90-105: single-threaded, it waits for our answer to its event before it answers the action.
    await replayNotify('notify-after-set-values');
    return fixture('set-values-response');
  };

  before(async () => {
    device = new FakeUpnpDevice({ udn: UDN, answer });
    device.bootId = undefined;
    device.configId = undefined;
    device.beforeSubscribed = () => replayNotify('notify-initial');
    await device.start();
    controlPoint = createControlPoint({
      interfaces: ['lo'],
      clock: systemClock,
      logger: silentLogger,
      listener: { deviceAppeared() {}, deviceLost() {}, deviceUnusable() {} },
    });
    await controlPoint.start();
  });

  after(async () => {
    await controlPoint.stop();
    await device.stop();
  });

  it('reads its search response, 01-NLS as boot number', () => {
    const message = parseSsdpMessage(fixture('search-response'));
    const here = { interfaceName: 'eth0', localAddress: '192.168.1.4' };
    const sighting = message === undefined ? undefined : toSighting(message, '192.168.1.202', here);
    if (sighting?.kind !== 'response') throw new Error('not read');
    expect(sighting.announcement).to.include({ udn: UDN, maxAgeSeconds: 1800, configId: undefined });
    expect(sighting.announcement.bootId).to.be.a('number');
    expect(message && toSighting(message, '192.168.1.203', here), 'another host').to.equal(undefined);
  });

  it('describes, subscribes, sets and gets', async () => {
    const root = await waitFor(
      () => controlPoint.devices.find(({ description }) => description.udn === UDN),
      'the device',
    );
    expect(root.description.services.map(({ serviceId }) => serviceId.split(':').at(-1))).to.deep.equal([
      'BasicManagement',
      'ConfigurationManagement',
      'DeviceProtection',
    ]);
    const cms = root.description.services[1];
    if (cms === undefined) throw new Error('no CMS');
    const events: EventMessage[] = [];
    const subscription = controlPoint.subscribe(root, cms, {
      onEvent: (event) => events.push(event),
      onState: () => undefined,
    });
    await waitFor(() => events.length === 1, 'the initial event');
    expect(events[0]).to.include({ sid: SID, seq: 0 });
    expect(events[0]?.variables.size).to.equal(6);

    const set = await controlPoint.invoke(root, cms, 'SetValues', [['ParameterValueList', '<x/>']]);
    expect([...set]).to.deep.equal([['Status', 'ChangesApplied']]);
    expect(events[1]?.variables.get('ConfigurationUpdate')).to.equal('20,2015-07-27T19:23:33');
    const got = await controlPoint.invoke(root, cms, 'GetValues', [['Parameters', '<x/>']]);
    expect(got.get('ParameterValueList')).to.match(/^<\?xml .*<Value>192\.168\.9\.133<\/Value>/);

    await replayNotify('notify-with-values');
    await waitFor(() => events.length === 3, 'the event with values');
    expect(events[2]?.variables.get('ConfigurationUpdate')).to.contain('<Value>Up</Value>');
    await subscription.stop();
    for (const reply of replies) expect(reply).to.match(/^HTTP\/1\.1 200 /);
    expect(replies).to.have.length(3);
  });
});
