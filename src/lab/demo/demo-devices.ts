import type { BUILT_IN_PROFILES } from '../device/profile.ts';

/** A parameter in its two spellings, CWMP and CMS, and the value that the story gives it. */
export interface DemoValue {
  readonly path: string;
  readonly devicePath: string;
  readonly type: string;
  readonly value: string;
}

/** What the story does with one device. */
export interface DemoDevice {
  readonly profile: (typeof BUILT_IN_PROFILES)[number];
  /** Written from the ACS. */
  readonly setting: DemoValue;
  /** Changed on the device. */
  readonly reading: DemoValue;
  /** Rows are added and deleted here. */
  readonly table?: { readonly path: string; readonly devicePath: string };
}

/** Vendor trees appear below `X_<OUI of the proxier>_UPnPDM.`. */
export const DEMO_PROXIER_OUI = '00005E';

/** CWMP instance numbers are the CMS ones plus one. */
export const DEMO_DEVICES: readonly DemoDevice[] = [
  {
    profile: 'voip',
    setting: {
      path: 'Device.Services.VoiceService.1.SIP.Network.1.ProxyServer',
      devicePath: '/BBF/VoiceService/0/SIP/Network/0/ProxyServer',
      type: 'xsd:string',
      value: 'sip2.operator.example',
    },
    reading: {
      path: 'Device.Services.VoiceService.1.CallControl.Line.1.CallStatus',
      devicePath: '/BBF/VoiceService/0/CallControl/Line/0/CallStatus',
      type: 'xsd:string',
      value: 'Connected',
    },
  },
  {
    profile: 'nas',
    setting: {
      path: 'Device.Services.StorageService.1.LogicalVolume.2.Name',
      devicePath: '/BBF/StorageService/0/LogicalVolume/1/Name',
      type: 'xsd:string',
      value: 'Family',
    },
    reading: {
      path: 'Device.Services.StorageService.1.PhysicalMedium.2.Status',
      devicePath: '/BBF/StorageService/0/PhysicalMedium/1/Status',
      type: 'xsd:string',
      value: 'Standby',
    },
  },
  {
    profile: 'wifi',
    setting: {
      path: 'Device.WiFi.SSID.1.SSID',
      devicePath: '/BBF/WiFi/SSID/0/SSID',
      type: 'xsd:string',
      value: 'Home & Garden',
    },
    reading: {
      path: 'Device.WiFi.Radio.2.TransmitPower',
      devicePath: '/BBF/WiFi/Radio/1/TransmitPower',
      type: 'xsd:int',
      value: '50',
    },
    table: { path: 'Device.WiFi.SSID.', devicePath: '/BBF/WiFi/SSID/' },
  },
  {
    profile: 'sensor',
    setting: {
      path: `Device.X_${DEMO_PROXIER_OUI}_UPnPDM.X_ACME_Sensor.MeasuringInterval`,
      devicePath: '/X_ACME_Sensor/MeasuringInterval',
      type: 'xsd:unsignedInt',
      value: '30',
    },
    reading: {
      path: `Device.X_${DEMO_PROXIER_OUI}_UPnPDM.X_ACME_Sensor.Temperature`,
      devicePath: '/X_ACME_Sensor/Temperature',
      type: 'xsd:int',
      value: '251',
    },
  },
];
