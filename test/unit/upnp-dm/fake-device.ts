import { systemClock } from '../../../src/platform/clock.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Logger } from '../../../src/platform/logger.ts';
import { ActionError } from '../../../src/upnp/types.ts';
import type {
  ControlPoint,
  DeviceDescription,
  OutArguments,
  RootDevice,
  Scpd,
  ServiceDescription,
} from '../../../src/upnp/types.ts';
import { createCmsClient } from '../../../src/upnp-dm/cms-client.ts';
import type { CmsClient } from '../../../src/upnp-dm/types.ts';

export const cmsService: ServiceDescription = {
  serviceType: 'urn:schemas-upnp-org:service:ConfigurationManagement:2',
  serviceId: 'urn:upnp-org:serviceId:ConfigurationManagement',
  scpdUrl: 'http://192.0.2.1/scpd.xml',
  controlUrl: 'http://192.0.2.1/control',
  eventSubUrl: undefined,
};

export function describeDevice(changes: Partial<DeviceDescription> = {}): DeviceDescription {
  return {
    udn: 'uuid:1',
    deviceType: 'urn:schemas-upnp-org:device:ManageableDevice:2',
    friendlyName: 'Device',
    manufacturer: '',
    manufacturerUrl: '',
    modelDescription: '',
    modelName: '',
    modelNumber: '',
    modelUrl: '',
    serialNumber: '',
    upc: '',
    presentationUrl: '',
    deviceCategory: '',
    manufacturerOui: '',
    services: [cmsService],
    devices: [],
    ...changes,
  };
}

export function rootDevice(description: DeviceDescription = describeDevice()): RootDevice {
  return {
    announcement: {
      udn: description.udn,
      namesRoot: true,
      location: 'http://192.0.2.1/description.xml',
      sourceAddress: '192.0.2.1',
      localAddress: '192.0.2.2',
      interfaceName: 'lan0',
      maxAgeSeconds: 1800,
      server: '',
      bootId: undefined,
      configId: undefined,
      searchPort: undefined,
      dmAnnouncement: undefined,
    },
    description,
    specVersion: { major: 1, minor: 0 },
    urlBase: '',
  };
}

export interface Call {
  readonly action: string;
  readonly inArguments: readonly (readonly [string, string])[];
}

export type Answer = string | Readonly<Record<string, string>>;

export function upnpError(code: number, action = 'Action'): ActionError {
  return new ActionError('upnp', code, cmsService.serviceType, action, `error ${code}`);
}

/** A control point whose device answers what `answer` returns; a bare string comes without an argument name. */
export function fakeClient(
  answer: (action: string, inputs: ReadonlyMap<string, string>, attempt: number) => Answer,
  options: { readonly scpd?: Scpd; readonly clock?: Clock; readonly logger?: Logger } = {},
): { readonly client: CmsClient; readonly calls: Call[] } {
  const calls: Call[] = [];
  const controlPoint: Pick<ControlPoint, 'invoke'> = {
    invoke: (_device, _service, action, inArguments): Promise<OutArguments> => {
      calls.push({ action, inArguments });
      return Promise.resolve().then(() => {
        const out = answer(action, new Map(inArguments), calls.length);
        return new Map(typeof out === 'string' ? [['', out]] : Object.entries(out));
      });
    },
  };
  const client = createCmsClient({
    controlPoint,
    device: rootDevice(),
    service: cmsService,
    clock: options.clock ?? systemClock,
    scpd: options.scpd,
    logger: options.logger,
  });
  return { client, calls };
}

/** An SCPD with these actions; arguments are written `>in` and `<out`. */
export function scpdOf(actions: Readonly<Record<string, readonly string[]>>): Scpd {
  return {
    stateVariables: new Map(),
    actions: new Map(
      Object.entries(actions).map(([name, argumentList]) => [
        name,
        {
          name,
          arguments: argumentList.map((argument) => ({
            name: argument.slice(1),
            direction: argument.startsWith('>') ? ('in' as const) : ('out' as const),
            relatedStateVariable: 'A_ARG_TYPE_Any',
          })),
        },
      ]),
    ),
  };
}
