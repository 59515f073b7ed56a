import { FACTORY_SETTINGS } from '../../../src/cwmp/default-settings.ts';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { addDeviceInfo } from '../../../src/device2/device-info.ts';
import type { DeviceInfoName } from '../../../src/device2/device-info.ts';
import { LocalProvider } from '../../../src/device2/local-object.ts';
import { addManagementServer } from '../../../src/device2/management-server.ts';
import { addRoot, rootName } from '../../../src/device2/root.ts';
import type { RootObject } from '../../../src/device2/root.ts';
import { DocumentSettingsStore } from '../../../src/device2/settings-store.ts';
import type { DeviceSettings } from '../../../src/device2/settings-store.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import type { DocumentStore } from '../../../src/platform/store/document-store.ts';

export const DEFAULT_SETTINGS: DeviceSettings = {
  ...FACTORY_SETTINGS,
  url: 'http://acs.example/',
  username: 'cpe',
  password: 'secret-1',
  periodicInformInterval: 300,
  connectionRequestUsername: 'acs',
  connectionRequestPassword: 'secret-2',
  upgradesManaged: true,
};

/** A model with all local objects of a virtual device. */
export function buildLocalObjects(
  root: RootObject,
  options: { store?: DocumentStore; omit?: ReadonlySet<DeviceInfoName> } = {},
): { model: DataModel; settings: DocumentSettingsStore; provider: LocalProvider } {
  const model = new DataModel(rootName(root));
  const provider = new LocalProvider(model);
  const settings = new DocumentSettingsStore(
    options.store ?? memoryDocumentStore(),
    'settings',
    DEFAULT_SETTINGS,
  );
  addRoot(provider, { root, dataModelVersion: root === 'Device:2' ? '2.17' : '1.14' });
  addDeviceInfo(provider, {
    root,
    settings,
    identity: { manufacturer: 'Example', oui: '0011AA', productClass: 'Nas', serialNumber: 'S1' },
    proxier: { manufacturer: 'Gateway', oui: '0022BB', productClass: '', serialNumber: 'P1' },
    modelName: () => 'N'.repeat(80),
    modelNumber: () => '1',
    description: () => 'A NAS',
    hardwareVersion: () => '1.0',
    softwareVersion: () => '2.0',
    upTimeSeconds: () => 12.7,
    firstUseDate: () => '2026-01-01T00:00:00Z',
    ...(options.omit === undefined ? {} : { omit: options.omit }),
  });
  addManagementServer(provider, {
    root,
    settings,
    parameterKey: () => 'key',
    connectionRequestUrl: () => 'http://192.0.2.1:7547/x',
  });
  return { model, settings, provider };
}
