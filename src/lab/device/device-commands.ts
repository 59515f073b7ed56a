import { BEHAVIOURS, EVENT_FAULTS } from './device-fault.ts';

/** What `lab device` takes from standard input. */
export const DEVICE_VERBS = [
  'get',
  'set',
  'add',
  'delete',
  'list',
  'reboot',
  'update',
  'vanish',
  'return',
  'flood',
  'fault',
] as const;

export type DeviceVerb = (typeof DEVICE_VERBS)[number];

export function isDeviceVerb(verb: string): verb is DeviceVerb {
  return DEVICE_VERBS.some((known) => known === verb);
}

/** How each is written, and what it does where its name does not say. */
export const DEVICE_COMMANDS_HELP = `\
  get PATH
  set PATH VALUE
  add TABLE [LEAF=VALUE ...]  adds a row
  delete ROW
  list [PATH]                 all values below, as JSON
  reboot                      byebye, and a new BOOTID
  update                      announces a new BOOTID and runs on
  vanish                      without byebye, as when the plug is pulled
  return                      appears again after vanish
  flood COUNT [BYTES]         so many events at once, each of that many bytes more
  fault ACTION WHAT           misbehaves in an action (* is any): an error code, NUMBERms to be late, or
                              ${BEHAVIOURS.join(', ')}
  fault events WHAT           misbehaves in eventing: ${EVENT_FAULTS.join(', ')}
  fault off                   behaves again`;
