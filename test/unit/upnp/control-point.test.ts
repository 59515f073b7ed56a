import { expect } from 'chai';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { createControlPoint } from '../../../src/upnp/control-point.ts';
import type { ControlPointLimits } from '../../../src/upnp/control-point.ts';
import type {
  ControlPoint,
  EventMessage,
  RootDevice,
  ServiceDescription,
  SubscriptionState,
} from '../../../src/upnp/types.ts';
import type { ActionError } from '../../../src/upnp/types.ts';
import { isRefusal } from '../../../src/upnp-dm/refusal.ts';
import { FakeUpnpDevice, httpResponse } from '../../support/fake-upnp-device.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Other devices may be on this host's loopback: look at our own only. */
const UDN = 'uuid:Fake-Device-4711';

describe('control point on loopback', () => {
  let device: FakeUpnpDevice;
  let controlPoint: ControlPoint;
  let log: string[];
  let answer: ((method: string, body: string) => string | undefined) | undefined;

  const start = async (limits: ControlPointLimits = {}): Promise<void> => {
    controlPoint = createControlPoint({
      interfaces: ['lo'],
      clock: systemClock,
      logger: silentLogger,
      limits,
      listener: {
        deviceAppeared: (found, previous) => {
          if (found.description.udn !== UDN) return;
          log.push(`appeared ${found.announcement.bootId}${previous === undefined ? '' : ' again'}`);
        },
        deviceLost: (lost, reason) => {
          if (lost.description.udn === UDN) log.push(`lost ${reason}`);
        },
        bootIdChanged: (changed, previous) => {
          if (changed.description.udn !== UDN) return;
          log.push(`boot ${previous.announcement.bootId} is now ${changed.announcement.bootId}`);
        },
        deviceUnusable: () => undefined,
      },
    });
    await controlPoint.start();
  };
  const found = (): RootDevice | undefined =>
    controlPoint.devices.find(({ description }) => description.udn === UDN);
  const appeared = (): Promise<RootDevice> => waitFor(found, 'the device');
  const serviceOf = (root: RootDevice): ServiceDescription => {
    const service = root.description.services[0];
    if (service === undefined) throw new Error('no service');
    return service;
  };

  beforeEach(async () => {
    log = [];
    answer = undefined;
    device = new FakeUpnpDevice({ udn: UDN, answer: ({ method, body }) => answer?.(method, body) });
    await device.start();
  });

  afterEach(async () => {
    await controlPoint.stop();
    await device.stop();
  });

  it('finds a device by search and describes it', async () => {
    await start();
    const root = await appeared();
    expect(root.announcement).to.include({
      sourceAddress: '127.0.0.1',
      localAddress: '127.0.0.1',
      interfaceName: 'lo',
    });
    expect(root.specVersion).to.deep.equal({ major: 1, minor: 1 });
    expect(serviceOf(root).controlUrl).to.equal(new URL('/control', device.location).href);
    const scpd = await controlPoint.fetchScpd(root, serviceOf(root));
    expect([...scpd.actions.keys()]).to.deep.equal(['GetValues']);
    await controlPoint.fetchScpd(root, serviceOf(root));
    expect(device.requests.filter(({ path }) => path === '/scpd.xml')).to.have.length(1);
  });

  it('tells a reboot, an announced new boot number and a new configuration apart', async () => {
    device.answersSearches = false;
    await start();
    await device.alive();
    await appeared();
    device.bootId = 2;
    await device.alive();
    await waitFor(() => log.length === 3, 'the reboot');
    for (let count = 0; count < 3; count++) await device.update(3);
    device.bootId = 3;
    await waitFor(() => log.length === 4, 'the update');
    device.configId = 2;
    device.friendlyName = 'Renamed';
    await device.alive();
    await waitFor(() => log.length === 5, 'the new description');
    expect(log).to.deep.equal([
      'appeared 1',
      'lost rebooted',
      'appeared 2',
      'boot 2 is now 3',
      'appeared 3 again',
    ]);
    expect(found()?.description.friendlyName).to.equal('Renamed');
  });

  it('asks before it believes a byebye', async () => {
    await start();
    await appeared();
    const fetches = device.requests.length;
    device.answersSearches = false;
    await device.byebye();
    await waitFor(() => device.requests.length > fetches, 'the probe');
    expect(log).to.deep.equal(['appeared 1']);
    await device.byebye();
    await device.stop();
    await waitFor(() => log.includes('lost byebye'), 'the loss');
    expect(found()).to.equal(undefined);
  });

  it('asks before it believes that a device is about to reboot, too', async () => {
    const announced = ['Announcement.dm.upnp.org: AboutToReboot'];
    await start();
    await appeared();
    const fetches = device.requests.length;
    device.answersSearches = false;
    await device.byebye(announced);
    await waitFor(() => device.requests.length > fetches, 'the probe');
    expect(log).to.deep.equal(['appeared 1']);
    await device.byebye(announced);
    await device.stop();
    await waitFor(() => log.includes('lost byebye'), 'the loss');
  });

  it('loses a silent device when its announcement has expired', async () => {
    device = await replace(device, { maxAgeSeconds: 1 });
    await start({ minMaxAgeSeconds: 0.2 });
    await appeared();
    await device.stop();
    await waitFor(() => log.includes('lost expired'), 'the loss');
  });

  it('follows a device to a new location', async () => {
    await start();
    const before = await appeared();
    await device.stop();
    device = new FakeUpnpDevice({ udn: UDN });
    await device.start();
    await device.alive();
    await waitFor(() => log.includes('appeared 1 again'), 'the move');
    expect(found()?.announcement.location)
      .to.equal(device.location)
      .and.not.equal(before.announcement.location);
    expect(log).to.deep.equal(['appeared 1', 'appeared 1 again']);
  });

  it('invokes actions and reports what the device answers', async () => {
    await start();
    const root = await appeared();
    answer = (method, body) => {
      if (method !== 'POST') return undefined;
      expect(body).to.contain('<Parameters>&lt;a&gt; &amp;</Parameters>');
      return httpResponse(
        200,
        envelope('<u:GetValuesResponse xmlns:u="x"><Out>&lt;b/&gt;</Out></u:GetValuesResponse>'),
      );
    };
    const result = await controlPoint.invoke(root, serviceOf(root), 'GetValues', [['Parameters', '<a> &']]);
    expect([...result]).to.deep.equal([['Out', '<b/>']]);
    const post = device.requests.find(({ method }) => method === 'POST');
    expect(post?.headers.get('soapaction')).to.equal(`"${serviceOf(root).serviceType}#GetValues"`);

    answer = () =>
      httpResponse(
        500,
        envelope(
          '<s:Fault><faultcode>s:Client</faultcode><detail><x:UPnPError><errorCode>703</errorCode>' +
            '<errorDescription>No such name: MyWifiKey</errorDescription></x:UPnPError></detail></s:Fault>',
        ),
      );
    const refused = await rejection(controlPoint.invoke(root, serviceOf(root), 'GetValues', []));
    expect(refused).to.include({ source: 'upnp', code: 703, action: 'GetValues' });
    expect(refused).to.have.property('message', 'GetValues: UPnP error 703');

    answer = () => httpResponse(500, 'Internal error');
    const broken = await rejection(controlPoint.invoke(root, serviceOf(root), 'GetValues', []));
    expect(broken).to.include({ source: 'transport', code: 0, httpStatus: 500 });
    expect(isRefusal(broken)).to.equal(true);

    answer = () => httpResponse(503, 'Busy');
    const busy = await rejection(controlPoint.invoke(root, serviceOf(root), 'GetValues', []));
    expect(busy).to.include({ source: 'transport', code: 0, httpStatus: 503 });
    expect(isRefusal(busy)).to.equal(false);
  });

  it('subscribes, takes an early initial event, recovers from a gap and from 412', async () => {
    await start();
    const root = await appeared();
    const events: EventMessage[] = [];
    const states: SubscriptionState[] = [];
    device.timeout = 'Second-2';
    device.beforeSubscribed = () => device.notify(0, { ConfigurationUpdate: '1' });
    const subscription = controlPoint.subscribe(root, serviceOf(root), {
      onEvent: (event) => events.push(event),
      onState: (state) => states.push(state),
    });
    await waitFor(() => events.length === 1, 'the initial event');
    expect(subscription.state).to.equal('active');
    const reply = await device.notify(1, { ConfigurationUpdate: '2' }, Buffer.from('\n\0%'));
    expect(reply)
      .to.match(/^HTTP\/1\.1 200 /)
      .and.match(/connection: close/i)
      .and.not.contain('400');
    await waitFor(() => events.length === 2, 'the second event');
    await device.notify(5, { ConfigurationUpdate: '7' });
    await waitFor(() => events.length === 3, 'a new initial event');
    expect(states).to.deep.equal(['subscribing', 'active', 'lost', 'active']);

    let refused = 0;
    answer = (method) =>
      method === 'SUBSCRIBE' && device.requests.at(-1)?.headers.has('sid') === true && refused++ === 0
        ? httpResponse(412, '')
        : undefined;
    await waitFor(() => events.length === 4, 'a subscription after 412');
    expect(await device.notify(9, {}).then((text) => text.slice(0, 12))).to.equal('HTTP/1.1 200');
    const path = new URL(device.callback).pathname;
    expect(path).to.match(/^\/event\/[0-9a-f]{32}$/);
    await subscription.stop();
    expect(device.requests.some(({ method }) => method === 'UNSUBSCRIBE')).to.equal(true);
  });

  it('refuses the events of a subscription that it has given up', async () => {
    await start();
    const root = await appeared();
    const events: EventMessage[] = [];
    const subscription = controlPoint.subscribe(root, serviceOf(root), {
      onEvent: (event) => events.push(event),
      onState: () => undefined,
    });
    await waitFor(() => subscription.state === 'active', 'the subscription');
    const { sid } = device;
    await device.notify(0, { ConfigurationUpdate: '1' });
    // It hears no UNSUBSCRIBE, and takes no SUBSCRIBE for now.
    answer = (method) => (method.endsWith('SUBSCRIBE') ? httpResponse(503, '') : undefined);
    await device.notify(5, { ConfigurationUpdate: '7' });
    await waitFor(async () => {
      device.sid = sid;
      return (await device.notify(6, { ConfigurationUpdate: '8' })).startsWith('HTTP/1.1 412');
    }, 'the refusal');
    answer = undefined;
    await waitFor(() => subscription.state === 'active', 'the new subscription');
    await device.notify(0, { ConfigurationUpdate: '9' });
    expect(events.map(({ seq }) => seq)).to.deep.equal([0, 0]);
  });

  it('names the interfaces there are when one is unknown', async () => {
    await start();
    const other = createControlPoint({
      interfaces: ['nosuch0'],
      clock: systemClock,
      logger: silentLogger,
      listener: { deviceAppeared() {}, deviceLost() {}, deviceUnusable() {} },
    });
    const error = await rejection(other.start());
    expect(error.message).to.contain('"nosuch0"').and.contain('lo');
  });
});

async function replace(
  device: FakeUpnpDevice,
  options: { readonly maxAgeSeconds: number },
): Promise<FakeUpnpDevice> {
  await device.stop();
  const next = new FakeUpnpDevice({ udn: device.udn, ...options });
  await next.start();
  return next;
}

function envelope(body: string): string {
  return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${body}</s:Body></s:Envelope>`;
}

async function rejection(promise: Promise<unknown>): Promise<Error | ActionError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected a rejection');
}
