import { House } from './house.ts';

// A lab ACS on loopback and the daemon on the interface named in argv, for a test that runs them in another network namespace.
// Prints one line of JSON per Inform; switches active notification on for the parameter named in argv at the first one.
const [lanInterface = 'lo', watched = ''] = process.argv.slice(2);

const house = await House.open({
  config: (config) => ({ ...config, lan: { interfaces: [lanInterface] } }),
});
const { acs } = house;
acs.onEvent((event) => {
  if (event.kind !== 'inform') return;
  const { deviceId, events, parameters, sequence } = event.inform;
  process.stdout.write(
    `${JSON.stringify({ deviceId, events: events.map(({ code }) => code), parameters })}\n`,
  );
  if (sequence === 1) {
    void acs
      .queue(deviceId, (session) => session.setParameterAttributes([{ name: watched, notification: 2 }]))
      .then(() => process.stdout.write('{"watching":true}\n'));
  }
});
process.once('SIGTERM', () => {
  void house.close().then(() => process.exit(0));
});
await house.startDaemon();
setInterval(() => {
  const [device] = house.daemon?.status().devices ?? [];
  if (device !== undefined)
    process.stdout.write(`${JSON.stringify({ state: device.state, address: device.address })}\n`);
}, 200);
