import { UNKNOWN_TIME } from '../datamodel/value-codec.ts';
import type { AcsSettings } from './types.ts';

/** What a CPE fresh from the factory does [TR-181 ManagementServer.]; who the ACS is, is not among it. */
export const FACTORY_SETTINGS: Omit<
  AcsSettings,
  'url' | 'username' | 'password' | 'connectionRequestUsername' | 'connectionRequestPassword'
> = {
  enableCwmp: true,
  periodicInformEnable: true,
  periodicInformInterval: 3600,
  periodicInformTime: UNKNOWN_TIME,
  retryMinimumWaitInterval: 5,
  retryIntervalMultiplier: 2000,
  defaultActiveNotificationThrottle: 0,
  provisioningCode: '',
  instanceMode: 'InstanceNumber',
  autoCreateInstances: false,
  lightweightNotificationProtocolsUsed: '',
  lightweightNotificationTriggerInterval: 0,
  lightweightNotificationTriggerTime: UNKNOWN_TIME,
  udpLightweightNotificationHost: '',
  udpLightweightNotificationPort: 7547,
  heartbeatEnable: false,
  heartbeatReportingInterval: 300,
  heartbeatInitiationTime: UNKNOWN_TIME,
  crUnawarenessMaxDuration: -1,
  maxMissedPeriodic: -1,
  notifyMissedScheduled: false,
  crAwarenessRequested: false,
  periodicAwarenessRequested: false,
  scheduledAwarenessRequested: false,
};
