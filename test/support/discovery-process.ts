import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createControlPoint } from '../../src/upnp/control-point.ts';

// A control point on the interface named in argv, for a test that runs it in another network namespace. Prints one line for
// each device that comes or goes.
const [lanInterface = 'lo'] = process.argv.slice(2);

const print = (
  event: string,
  { location, localAddress }: { location: string; localAddress: string },
): void => {
  process.stdout.write(`${event} ${new URL(location).hostname} from ${localAddress}\n`);
};
const controlPoint = createControlPoint({
  interfaces: [lanInterface],
  clock: systemClock,
  logger: createLogger({ level: 'error', format: 'text', stream: process.stderr }),
  listener: {
    deviceAppeared: ({ announcement }) => {
      print('appeared', announcement);
    },
    deviceLost: ({ announcement }, reason) => {
      print(`lost (${reason})`, announcement);
    },
    deviceUnusable: (announcement) => {
      print('unusable', announcement);
    },
  },
});
process.once('SIGTERM', () => process.exit(0));
await controlPoint.start();
process.stdout.write('started\n');
