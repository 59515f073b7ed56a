import { readFileSync } from 'node:fs';

const UNIT = readFileSync(new URL('../../systemd/cwmp-proxier.service', import.meta.url), 'utf8');

function setting(name: string): string {
  const value = new RegExp(`^${name}=(.*)$`, 'm').exec(UNIT)?.[1];
  if (value === undefined) throw new Error(`systemd/cwmp-proxier.service has no ${name}`);
  return value;
}

/** Flags of Node that the systemd unit gives to the daemon. */
export const unitFlags: readonly string[] = setting('ExecStart')
  .split(' ')
  .filter((word) => word.startsWith('--') && word !== '--config');

/** Environment that it gives to it. */
export const unitEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  setting('Environment')
    .split(' ')
    .map((assignment) => assignment.split('=') as [string, string]),
);
