import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import {
  createLabDevice,
  type LabDevice,
  type LabDeviceOptions,
} from '../../../../src/lab/device/lab-device.ts';
import { describedDevices } from '../../../../src/lab/device/description.ts';
import { loadProfile } from '../../../../src/lab/device/profile.ts';
import { searchMatches } from '../../../../src/lab/device/ssdp-responder.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { FIXTURE_PROFILE, textsOf, values } from './fixture-device.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function send(url: string, method: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const message = request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    message.on('error', reject);
    message.end(body);
  });
}

const CMS = 'urn:schemas-upnp-org:service:ConfigurationManagement';

/** A place that takes NOTIFYs and remembers them. */
async function subscriber(answerAfter: Promise<void> = Promise.resolve()) {
  const events: { seq: string; body: string }[] = [];
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => (body += chunk));
    incoming.on('end', () => {
      events.push({ seq: String(incoming.headers['seq']), body });
      void answerAfter.then(() => response.end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { events, callback: `<http://127.0.0.1:${port}/events>`, close: () => server.close() };
}

describe('lab device: searches', () => {
  const udn = 'uuid:00000000-0000-4000-8000-00000000b001';
  const flat = describedDevices(loadProfile('wifi'), udn, undefined);
  const embedded = describedDevices(loadProfile('sensor'), udn, undefined);

  it('answer ssdp:all with the 3 + 2d + k advertisements', () => {
    expect(searchMatches(flat, 'ssdp:all')).to.have.length(5);
    expect(searchMatches(embedded, 'ssdp:all')).to.have.length(7);
  });

  it('find services and embedded devices, in the version asked and older ones only', () => {
    const usn = `${udn}::${CMS}:1`;
    expect(searchMatches(embedded, `${CMS}:1`)).to.deep.equal([{ nt: `${CMS}:1`, usn }]);
    expect(searchMatches(embedded, `${CMS}:2`)).to.have.length(1);
    expect(searchMatches(embedded, `${CMS}:3`)).to.deep.equal([]);
    expect(searchMatches(embedded, udn.toUpperCase())).to.have.length(1);
    expect(searchMatches(embedded, 'upnp:rootdevice')[0]?.usn).to.not.include(udn);
  });
});

describe('lab device: on the wire', () => {
  let device: LabDevice;
  let base: string;
  const cleanUp: (() => unknown)[] = [];

  async function start(options: Partial<LabDeviceOptions> = {}): Promise<void> {
    device = createLabDevice({ profile: FIXTURE_PROFILE, rebootMs: 20, ...options });
    const { address, port } = await device.start();
    base = `http://${address}:${port}`;
  }

  afterEach(async () => {
    for (const task of cleanUp.splice(0)) await task();
    await device.stop();
  });

  const invoke = (action: string, inner = '', version = 2, service = CMS): Promise<Answer> =>
    send(
      `${base}/${service.split(':').at(-1)}/control`,
      'POST',
      { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${service}:${version}#${action}"` },
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
        `<u:${action} xmlns:u="${service}:${version}">${inner}</u:${action}></s:Body></s:Envelope>`,
    );
  const setWatched = (value: string): Promise<Answer> => {
    const list = values(['/X_LAB/Watched', value]).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    return invoke('SetValues', `<ParameterValueList>${list}</ParameterValueList>`);
  };
  const subscribe = (callback: string): Promise<Answer> =>
    send(`${base}/ConfigurationManagement/event`, 'SUBSCRIBE', {
      callback,
      nt: 'upnp:event',
      timeout: 'Second-300',
    });

  it('serves description and service descriptions', async () => {
    await start();
    const description = await send(`${base}/description.xml`, 'GET', {});
    expect(textsOf(description.body, 'UDN')).to.deep.equal([device.udn]);
    expect(textsOf(description.body, 'serviceType')).to.include(`${CMS}:2`);
    for (const path of textsOf(description.body, 'SCPDURL')) {
      expect((await send(base + path, 'GET', {})).body).to.include('<actionList>');
    }
    expect((await send(`${base}/nothing`, 'GET', {})).status).to.equal(404);
  });

  it('answers actions in the version that was asked, and errors as UPnP faults', async () => {
    await start();
    const good = await invoke('GetCurrentConfigurationVersion', '', 1);
    expect(good.body).to.include(`xmlns:u="${CMS}:1"><StateVariableValue>0</StateVariableValue>`);
    expect(device.requests.map(({ action }) => action)).to.deep.equal(['GetCurrentConfigurationVersion']);
    const codeOf = async (answer: Promise<Answer>): Promise<string | undefined> => {
      const { status, body } = await answer;
      expect(status).to.equal(500);
      return textsOf(body, 'errorCode')[0];
    };
    expect(await codeOf(invoke('Nothing'))).to.equal('401');
    expect(await codeOf(invoke('GetACLData'))).to.equal('401');
    expect(await codeOf(invoke('GetValues'))).to.equal('402');
    expect(await codeOf(invoke('GetCurrentConfigurationVersion', '', 3))).to.equal('401');
    expect(await codeOf(setWatched('0'))).to.equal('705');
  });

  it('events with SEQ from 0, all evented variables first', async () => {
    await start();
    const { events, callback, close } = await subscriber();
    cleanUp.push(close);
    const { status, headers } = await subscribe(callback);
    expect([status, headers['timeout']]).to.deep.equal([200, 'Second-300']);
    await waitFor(() => events.length === 1, 'the initial event');
    expect(events[0]?.body)
      .to.include('<AlarmsEnabled>0</AlarmsEnabled>')
      .and.include('<ConfigurationUpdate>0,');
    expect((await setWatched('11')).status).to.equal(200);
    device.set('/X_LAB/Silent', '1');
    await waitFor(() => events.length === 2, 'the event of the change');
    expect(events.map(({ seq }) => seq)).to.deep.equal(['0', '1']);
    expect(events[1]?.body).to.match(/<e:property><ConfigurationUpdate>[12],/);
  });

  it('holds a second event back for 0.2 s and puts several changes into it', async () => {
    await start();
    const { events, callback, close } = await subscriber();
    cleanUp.push(close);
    await subscribe(callback);
    for (const value of ['7', '8']) device.set('/X_LAB/Watched', value);
    await waitFor(() => events.length === 2, 'the first event');
    const since = performance.now();
    for (const value of ['9', '10', '11']) device.set('/X_LAB/Watched', value);
    await waitFor(() => events.length === 3, 'the second event');
    expect(performance.now() - since).to.be.greaterThan(120);
    expect(events[2]?.body).to.include('<ConfigurationUpdate>5,');
  });

  it('renews, ends and refuses subscriptions by the rules', async () => {
    await start();
    const url = `${base}/ConfigurationManagement/event`;
    const { callback, close } = await subscriber();
    cleanUp.push(close);
    const sid = String((await subscribe(callback)).headers['sid']);
    expect((await send(url, 'SUBSCRIBE', { sid, timeout: 'Second-60' })).headers['timeout']).to.equal(
      'Second-60',
    );
    expect((await send(url, 'SUBSCRIBE', { sid, callback, nt: 'upnp:event' })).status).to.equal(400);
    expect((await send(url, 'SUBSCRIBE', { sid: 'uuid:other' })).status).to.equal(412);
    expect((await send(url, 'SUBSCRIBE', { nt: 'upnp:event' })).status).to.equal(412);
    expect((await subscribe('<http://192.0.2.1/>')).status, 'a callback elsewhere').to.equal(412);
    expect((await send(url, 'UNSUBSCRIBE', { sid })).status).to.equal(200);
    expect((await send(url, 'UNSUBSCRIBE', { sid })).status).to.equal(412);
    expect(device.subscriptionCount).to.equal(0);
  });

  it('can send the initial event before it answers SUBSCRIBE', async () => {
    await start({ initialEventFirst: true });
    const { events, callback, close } = await subscriber();
    cleanUp.push(close);
    await subscribe(callback);
    expect(events).to.have.length(1);
  });

  it('can wait for the answer to its NOTIFY before it answers SetValues', async () => {
    await start({ notifyBeforeResponse: true });
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { events, callback, close } = await subscriber(held);
    cleanUp.push(close);
    await subscribe(callback);
    await waitFor(() => events.length === 1, 'the initial event');
    let answered = false;
    const setting = setWatched('11').then(() => (answered = true));
    await waitFor(() => device.requests.some(({ action }) => action === 'SetValues'), 'SetValues');
    expect(answered).to.equal(false);
    release();
    await setting;
    expect(events.map(({ seq }) => seq)).to.deep.equal(['0', '1']);
  });

  it('misbehaves when told to', async () => {
    await start();
    const action = 'GetCurrentConfigurationVersion';
    device.setFault({ action, code: 708 });
    expect(textsOf((await invoke(action)).body, 'errorCode')).to.deep.equal(['708']);
    expect((await invoke('GetSupportedDataModels')).status).to.equal(200);
    device.setFault({ action: '*', behaviour: 'http500' });
    expect((await invoke(action)).body).to.equal('');
    device.setFault({ action, behaviour: 'brokenXml' });
    expect((await invoke(action)).body).to.not.include('</s:Envelope>');
    device.setFault({ action, delayMs: 30 });
    expect((await invoke(action)).status).to.equal(200);
    device.setFault({ action, behaviour: 'silent' });
    const silent = invoke(action).catch((error: unknown) => error);
    await waitFor(() => device.requests.length === 6, 'the request to arrive');
    await device.vanish();
    expect(await silent).to.be.instanceOf(Error);
    device.setFault(undefined);
    await device.comeBack();
    expect((await invoke(action)).status).to.equal(200);
  });

  it('is found by searches for its older types, and leaves and returns as a device does', async () => {
    await start({ udn: 'uuid:00000000-0000-4000-8000-00000000a001' });
    const seen: string[] = [];
    const listener = createSocket({ type: 'udp4', reuseAddr: true });
    cleanUp.push(() => new Promise<void>((resolve) => listener.close(() => resolve())));
    listener.on('message', (message) => {
      if (message.includes(device.udn)) seen.push(message.toString('latin1'));
    });
    await new Promise<void>((resolve) => listener.bind(1900, resolve));
    listener.addMembership('239.255.255.250', '127.0.0.1');
    const searcher = createSocket('udp4');
    cleanUp.push(() => new Promise<void>((resolve) => searcher.close(() => resolve())));
    const answers: string[] = [];
    searcher.on('message', (message) => {
      if (message.includes(device.udn)) answers.push(message.toString('latin1'));
    });
    await new Promise<void>((resolve) => searcher.bind(0, '127.0.0.1', resolve));
    searcher.setMulticastInterface('127.0.0.1');
    const target = 'urn:schemas-upnp-org:device:ManageableDevice:1';
    const search = (st: string): string =>
      `M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${st}\r\n\r\n`;
    searcher.send(search(target), 1900, '239.255.255.250');
    const answer = await waitFor(() => answers[0], 'an answer to the search');
    expect(answer).to.include(`ST: ${target}\r\n`).and.include(`USN: ${device.udn}::${target}\r\n`);
    expect(answer).to.match(
      /BOOTID\.UPNP\.ORG: \d+\r\nCONFIGID\.UPNP\.ORG: \d+\r\nSEARCHPORT\.UPNP\.ORG: \d+\r\n/,
    );

    const bootIdOf = (message: string): string | undefined => /BOOTID\.UPNP\.ORG: (\d+)/.exec(message)?.[1];
    seen.length = 0;
    const before = bootIdOf(answer);
    await invoke('Reboot', '', 2, 'urn:schemas-upnp-org:service:BasicManagement');
    const byebye = await waitFor(() => seen.find((text) => text.includes('ssdp:byebye')), 'byebye');
    expect(byebye).to.include('Announcement.dm.upnp.org: AboutToReboot');
    const alive = await waitFor(() => seen.find((text) => text.includes('ssdp:alive')), 'alive');
    expect(bootIdOf(alive)).to.not.equal(before);
    expect(seen.filter((text) => text.includes('ssdp:byebye'))).to.have.length(5);

    await device.vanish();
    seen.length = 0;
    const { address } = await device.comeBack({ host: '127.0.0.9' });
    expect(address).to.equal('127.0.0.9');
    await waitFor(() => seen.find((text) => text.includes('LOCATION: http://127.0.0.9:')), 'alive elsewhere');
  });

  it('keeps values and the configuration version over a reboot', async () => {
    await start();
    device.set('/X_LAB/Watched', '12');
    await device.reboot();
    expect(device.get('/X_LAB/Watched')).to.equal('12');
    expect(device.configurationVersion).to.equal(1);
  });
});
