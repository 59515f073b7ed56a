import http from 'node:http';
import { expect } from 'chai';
import { LabAcs } from '../../../../src/lab/acs/lab-acs.ts';
import { FakeCpe } from '../../../support/fake-cpe.ts';

describe('the lab ACS page', () => {
  let acs: LabAcs;
  let cpe: FakeCpe;

  beforeEach(async () => {
    acs = new LabAcs();
    await acs.start();
    cpe = new FakeCpe(acs.url);
    await cpe.start();
    await cpe.session('0 BOOTSTRAP', '1 BOOT');
    await acs.waitForIdle(cpe.id);
  });

  afterEach(async () => {
    await cpe.stop();
    await acs.stop();
  });

  const url = (path: string): string => new URL(path, acs.pageUrl).href;

  function post(action: string, input: unknown, type = 'application/json'): Promise<Response> {
    const body = JSON.stringify(input);
    return fetch(url(`/api/devices/${cpe.id}/${action}`), {
      method: 'POST',
      headers: { 'Content-Type': type },
      body,
    });
  }

  it('serves the page without anything from elsewhere', async () => {
    for (const path of ['/', '/page.css', '/page.js']) {
      const response = await fetch(url(path));
      expect(response.status).to.equal(200);
      expect(await response.text()).not.to.match(/(?:src|href)="?https?:|url\(/);
    }
  });

  it('lists devices and walks, sets, notifies, adds and deletes', async () => {
    const list: unknown = await (await fetch(url('/api/devices'))).json();
    expect(list).to.have.nested.property('devices[0].modelName', 'Fake <1>');
    const level: unknown = await (await post('walk', { path: 'Device.DeviceInfo.' })).json();
    expect(level).to.have.nested.property('entries[3].value', '17');
    expect(level).to.have.nested.property('entries[2].notification', 0);
    const name = 'Device.DeviceInfo.ProvisioningCode';
    const set: unknown = await (await post('set', { name, value: 'x', type: 'xsd:string' })).json();
    expect(set).to.have.nested.property('parameters[0].value', 'x');
    expect((await post('notify', { name, notification: 2 })).status).to.equal(200);
    expect(await (await post('add', { path: 'Device.Table.' })).json()).to.have.property('instanceNumber', 1);
    expect(await (await post('delete', { path: 'Device.Table.1.' })).json()).to.deep.equal({ status: 0 });
    const envelopes: unknown = await (await fetch(url(`/api/devices/${cpe.id}/envelopes`))).json();
    expect(envelopes).to.have.nested.property('[0].rpc', 'Inform');
  });

  it('shows a fault with its code and parameters', async () => {
    cpe.faults.set('SetParameterValues', '9003');
    const response = await post('set', { name: 'Device.X', value: 'x', type: 'xsd:string' });
    expect(response.status).to.equal(422);
    expect(await response.json()).to.have.nested.property('fault.parameters[0].code', '9007');
  });

  it('refuses other sites: a form content type, a foreign host name, nonsense', async () => {
    expect((await post('walk', { path: '' }, 'text/plain')).status).to.equal(400);
    expect((await post('walk', {})).status).to.equal(400);
    expect((await post('explode', {})).status).to.equal(400);
    const status = await new Promise((resolve, reject) => {
      http
        .get(acs.pageUrl, { headers: { Host: 'evil.example' } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .on('error', reject);
    });
    expect(status).to.equal(400);
  });

  it('tells of Informs as they arrive', async () => {
    const response = await fetch(url('/api/events'));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await cpe.session('4 VALUE CHANGE');
    let seen = '';
    while (!seen.includes('4 VALUE CHANGE')) seen += (await reader?.read())?.value ?? '';
    expect(seen).to.contain('event: inform');
    await reader?.cancel();
  });
});
