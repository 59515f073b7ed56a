import { stringify } from 'yaml';

import type { Config } from './config.ts';

/** The effective configuration as YAML, for people: secrets are only said to be set, file contents are left out. */
export function formatConfig(config: Config): string {
  const { warnings: _warnings, acs, proxier, ...others } = config;
  const { caFile, certificateFile, keyFile, minVersion } = acs.tls;
  return stringify({
    acs: {
      ...acs,
      password: acs.password === '' ? '(not set)' : '(set)',
      // Undefined keys are left out.
      tls: { caFile, certificateFile, keyFile, minVersion },
    },
    proxier: { ...proxier, serialNumber: proxier.serialNumber ?? '(chosen at the first start)' },
    ...others,
  });
}
