import { expect } from 'chai';
import { parseDescription } from '../../../../src/upnp/description/parse-description.ts';

const LOCATION = 'http://192.0.2.9:49152/dir/d.xml';
const service = (control: string, event = ''): string =>
  `<service><serviceType>t</serviceType><serviceId>i</serviceId><SCPDURL>s.xml</SCPDURL>` +
  `<controlURL>${control}</controlURL><eventSubURL>${event}</eventSubURL></service>`;
const device = (content: string, udn = 'uuid:x'): string => `<device><UDN> ${udn} </UDN>${content}</device>`;
const parse = (content: string) => parseDescription(Buffer.from(`<root>${content}</root>`), LOCATION);

describe('device description', () => {
  it('resolves URLs and keeps to the host that announced', async () => {
    const services = ['c', '/c', 'http://192.0.2.9:8080/c', 'http://192.0.2.1/c', 'http://a@192.0.2.9/c', '']
      .map((control) => service(control, control))
      .join('');
    const { description } = await parse(device(`<serviceList>${services}</serviceList>`));
    expect(description.udn).to.equal('uuid:x');
    expect(description.services.map(({ controlUrl }) => controlUrl)).to.deep.equal([
      'http://192.0.2.9:49152/dir/c',
      'http://192.0.2.9:49152/c',
      'http://192.0.2.9:8080/c',
    ]);
    expect(description.services[0]?.scpdUrl).to.equal('http://192.0.2.9:49152/dir/s.xml');
  });

  it('obeys URLBase on the same host only, and an empty eventSubURL', async () => {
    const own = await parse(
      `<URLBase>http://192.0.2.9:80/base/</URLBase>${device(`<serviceList>${service('c')}</serviceList>`)}`,
    );
    expect(own.description.services[0]).to.include({
      controlUrl: 'http://192.0.2.9/base/c',
      eventSubUrl: undefined,
    });
    const foreign = await parse(
      `<URLBase>http://192.0.2.1/</URLBase>${device(`<serviceList>${service('/c')}</serviceList>`)}`,
    );
    expect(foreign.description.services[0]?.controlUrl).to.equal('http://192.0.2.9:49152/c');
  });

  it('gives presentationURL out for people, on whatever host, and URLBase as it is', async () => {
    const shown = async (url: string, base = ''): Promise<string> =>
      (await parse(`${base}${device(`<presentationURL>${url}</presentationURL>`)}`)).description
        .presentationUrl;
    expect(await shown('https://10.0.0.5/admin')).to.equal('https://10.0.0.5/admin');
    expect(await shown('http://printer.local/')).to.equal('http://printer.local/');
    expect(await shown('/ui')).to.equal('http://192.0.2.9:49152/ui');
    expect(await shown('ui', '<URLBase>https://nas.local/x/</URLBase>')).to.equal('https://nas.local/x/ui');
    expect(await shown('ui', '<URLBase>not a URL</URLBase>')).to.equal('http://192.0.2.9:49152/dir/ui');
    for (const none of ['', 'javascript:alert(1)', 'file:///etc/passwd', 'http://[']) {
      expect(await shown(none), none).to.equal('');
    }
    expect((await parse(`<URLBase>http://192.0.2.9:80/b</URLBase>${device('')}`)).urlBase).to.equal(
      'http://192.0.2.9:80/b',
    );
    expect((await parse(device(''))).urlBase).to.equal('');
  });

  it('reads what HTIP adds, if it is well-formed', async () => {
    const htip = (oui: string): string =>
      `<h:X_ManufacturerOUI xmlns:h="h">${oui}</h:X_ManufacturerOUI><h:X_DeviceCategory xmlns:h="h">AV_TV,AV_Recorder</h:X_DeviceCategory>`;
    expect((await parse(device(htip('0011ab')))).description).to.include({
      manufacturerOui: '0011AB',
      deviceCategory: 'AV_TV,AV_Recorder',
    });
    expect((await parse(device(htip('00-11-AB')))).description.manufacturerOui).to.equal('');
  });

  it('walks embedded devices to a bounded depth and number', async () => {
    const nest = (depth: number): string =>
      device(depth === 1 ? '' : `<deviceList>${nest(depth - 1)}</deviceList>`);
    expect((await parse(nest(8))).description.devices).to.have.length(1);
    for (const content of [
      nest(9),
      device(`<deviceList>${device('').repeat(64)}</deviceList>`),
      device('', ''),
    ]) {
      const error: unknown = await parse(content).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(error).to.be.instanceOf(Error);
    }
  });
});
