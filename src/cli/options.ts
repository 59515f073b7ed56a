import { InvalidArgumentError } from 'commander';

/** For options that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** Parser of an option that is a whole number from `lowest` to `highest`. */
export function wholeNumber(lowest: number, highest: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= lowest && number <= highest) return number;
    throw new InvalidArgumentError(`allowed: a whole number, ${lowest} to ${highest}.`);
  };
}

export const DEFAULT_CONFIG_FILE = '/etc/cwmp-proxier/config.yaml';

export const SET_HELP = 'override a key of the file, e.g. log.level=debug; JSON values; repeatable';

export const INTERFACE_HELP =
  'network interface to search, e.g. br-lan or lo; repeatable (default: every interface that has an IPv4 address)';
