import { networkInterfaces } from 'node:os';

import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { silentLogger } from '../platform/logger.ts';
import { createControlPoint } from '../upnp/control-point.ts';
import type { Announcement, ControlPoint, RootDevice } from '../upnp/types.ts';

export interface LanSearchListener {
  found(device: RootDevice): void;
  unusable?(announcement: Announcement, error: Error): void;
}

/**
 * Searches the LAN and hands the running control point to `use`; stops it afterwards.
 * @param names interfaces; undefined: all that have an IPv4 address
 * @throws Error for an interface that does not exist
 */
export async function searchLan<T>(
  names: readonly string[] | undefined,
  listener: LanSearchListener,
  use: (controlPoint: ControlPoint) => Promise<T>,
  logger: Logger = silentLogger,
): Promise<T> {
  const controlPoint = createControlPoint({
    interfaces: names ?? interfacesWithAddress(),
    clock: systemClock,
    logger,
    listener: {
      deviceAppeared: (device) => {
        listener.found(device);
      },
      deviceLost: () => undefined,
      deviceUnusable: (announcement, error) => {
        listener.unusable?.(announcement, error);
      },
    },
  });
  try {
    await controlPoint.start();
    return await use(controlPoint);
  } finally {
    await controlPoint.stop();
  }
}

export function interfacesWithAddress(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some(({ family }) => family === 'IPv4') === true)
    .map(([name]) => name);
}
