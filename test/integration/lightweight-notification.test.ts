import { expect } from 'chai';
import { createHmac, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { formatDeviceId } from '../../src/lab/acs/acs-device.ts';
import { House } from '../support/house.ts';
import { schemaSkipReason, validateDocuments } from '../support/schema.ts';
import { waitFor } from '../support/wait-for.ts';

const AT = 'Device.ManagementServer.';
const WATCHED = 'Device.WiFi.Radio.2.TransmitPower';

describe('lightweight notification of a virtual device', () => {
  it('tells a change on the device by UDP, signed, valid, and without a session', async () => {
    const socket = createSocket('udp4');
    const heard: string[] = [];
    socket.on('message', (data) => heard.push(data.toString()));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const house = await House.open();
    try {
      const serialNumber = `LW${randomInt(1_000_000)}`;
      const device = await house.addDevice({ profile: 'wifi', identity: { serialNumber } });
      const { manufacturerOui: oui, productClass } = device.profile.identity;
      const id = formatDeviceId({ oui, productClass, serialNumber });
      await house.startDaemon();
      await house.acs.waitForInform(id, undefined, 20_000);
      await house.acs.waitForIdle(id, 20_000);
      await house.acs.perform(id, async (session) => {
        await session.setParameterValues(
          [
            { name: `${AT}Username`, value: 'cpe', type: 'xsd:string' },
            { name: `${AT}Password`, value: 'pass-word', type: 'xsd:string' },
            { name: `${AT}LightweightNotificationProtocolsUsed`, value: 'UDP', type: 'xsd:string' },
            { name: `${AT}UDPLightweightNotificationHost`, value: '127.0.0.1', type: 'xsd:string' },
            {
              name: `${AT}UDPLightweightNotificationPort`,
              value: String(socket.address().port),
              type: 'xsd:unsignedInt',
            },
          ],
          'lw',
        );
        await session.setParameterAttributes([{ name: WATCHED, notification: 5 }]);
      });
      await house.acs.waitForIdle(id, 20_000);
      const informs = house.acs.devices.get(id)?.informs.length;
      device.set('/BBF/WiFi/Radio/1/TransmitPower', '70');
      const message = await waitFor(() => heard[0], 'a datagram');
      const [head = '', body = ''] = message.split('\r\n\r\n');
      expect(body).to.contain(`<SerialNumber>${serialNumber}</SerialNumber>`).and.contain('<UN>cpe</UN>');
      expect(body).to.contain(`<Name>${WATCHED}</Name>`).and.contain('>70</Value>');
      const signature = createHmac('sha1', 'pass-word').update(body).digest('hex').toUpperCase();
      expect(head).to.contain(`Signature: ${signature}`).and.not.contain('pass-word');
      if (schemaSkipReason() === undefined)
        expect(validateDocuments([body], 'cwmp-UDPLightweightNotification-1-0.xsd')).to.deep.equal([]);
      expect(house.acs.devices.get(id)?.informs.length).to.equal(informs);
    } finally {
      socket.close();
      await house.close();
    }
  });
});
