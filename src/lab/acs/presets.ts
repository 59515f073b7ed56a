import { randomBytes } from 'node:crypto';
import type { AcsDevice } from './acs-device.ts';
import type { AcsSession } from './acs-session.ts';
import { CpeFault } from './messages.ts';
import type { ParameterValue } from './messages.ts';

/**
 * What GenieACS's stock presets do on a device's first session: look for the root object, then write the connection
 * request credentials and the periodic Inform settings, those that are writable, in one SetParameterValues.
 */
export async function applyPresets(
  session: AcsSession,
  device: AcsDevice,
  intervalSeconds: number,
): Promise<void> {
  await session.getParameterNames('', true);
  const path = `${device.root}ManagementServer.`;
  const names = await session.getParameterNames(path, true);
  const writable = new Set(names.filter((entry) => entry.writable).map((entry) => entry.name));
  const credentials = { username: device.id, password: randomBytes(12).toString('hex') };
  const settings: ParameterValue[] = [
    { name: `${path}ConnectionRequestUsername`, value: credentials.username, type: 'xsd:string' },
    { name: `${path}ConnectionRequestPassword`, value: credentials.password, type: 'xsd:string' },
    { name: `${path}PeriodicInformEnable`, value: 'true', type: 'xsd:boolean' },
    { name: `${path}PeriodicInformInterval`, value: String(intervalSeconds), type: 'xsd:unsignedInt' },
    { name: `${path}PeriodicInformTime`, value: phaseTime(intervalSeconds), type: 'xsd:dateTime' },
  ].filter(({ name }) => writable.has(name));
  if (settings.length > 0) await session.setParameterValues(settings);
  if (writable.has(`${path}ConnectionRequestPassword`)) device.credentials = credentials;
  try {
    const values = await session.getParameterValues([`${device.root}DeviceInfo.ModelName`]);
    device.modelName = values[0]?.value ?? '';
  } catch (error) {
    // Only the page shows it; a CPE without a model name is none the worse.
    if (!(error instanceof CpeFault)) throw error;
  }
}

/** A random phase within the interval, so that devices do not all come at once. */
function phaseTime(intervalSeconds: number): string {
  return new Date(Math.floor(Math.random() * intervalSeconds * 1000)).toISOString();
}
