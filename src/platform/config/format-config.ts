import { stringify } from 'yaml';

import type { Config } from './config.ts';

/** The effective configuration as YAML, for people: secrets are only said to be set, file contents are left out. */
export function formatConfig(config: Config): string {
  const { acs, proxier, lan, connectionRequest, status, state, devices, log } = config;
  const { caFile, certificateFile, keyFile, minVersion } = acs.tls;
  return stringify({
    acs: {
      url: acs.url,
      username: acs.username,
      password: acs.password === '' ? '(not set)' : '(set)',
      // Undefined keys are left out.
      passwordFile: acs.passwordFile,
      tls: { caFile, certificateFile, keyFile, minVersion },
      periodicInformIntervalSeconds: acs.periodicInformIntervalSeconds,
    },
    proxier,
    lan,
    connectionRequest,
    status,
    state,
    devices,
    log,
  });
}
