/** A published data model [TR-106 A]: what a DT document imports. */
export interface PublishedModel {
  /** Its name with version, e.g. `Device:2.17`. */
  readonly name: string;
  readonly file: string;
  /** The spec attribute of the document that defines it. */
  readonly spec: string;
}

/** Service Objects: the number of their document, and the newest that was published with the file that defines it. */
const SERVICES: Readonly<Record<string, { readonly document: string; readonly newest: PublishedModel }>> = {
  VoiceService: {
    document: '104',
    newest: {
      name: 'VoiceService:2.0',
      file: 'tr-104-2-0-2-cwmp.xml',
      spec: 'urn:broadband-forum-org:tr-104-2-0-2-cwmp',
    },
  },
  STBService: {
    document: '135',
    newest: {
      name: 'STBService:1.4',
      file: 'tr-135-1-4-1-cwmp.xml',
      spec: 'urn:broadband-forum-org:tr-135-1-4-1-cwmp',
    },
  },
  StorageService: {
    document: '140',
    newest: {
      name: 'StorageService:1.3',
      file: 'tr-140-1-3-1-cwmp.xml',
      spec: 'urn:broadband-forum-org:tr-140-1-3-1',
    },
  },
  NetworkTransportService: {
    document: '143',
    newest: published('NetworkTransportService:1.0', 'tr-143-1-0'),
  },
  FAPService: { document: '196', newest: published('FAPService:2.1', 'tr-196-2-1') },
};

/** From here on the Broadband Forum publishes a file for CWMP of its own. */
const FIRST_CWMP_AMENDMENT = 12;

/** The Root Object model. @param version of Device:2, e.g. `2.17`; undefined for the others */
export function publishedRoot(
  root: 'Device' | 'InternetGatewayDevice',
  version: string | undefined,
): PublishedModel {
  if (root === 'InternetGatewayDevice') return published('InternetGatewayDevice:1.14', 'tr-098-1-8-0');
  if (version === undefined) return published('Device:1.5', 'tr-181-1-0-0');
  const amendment = Number(version.split('.')[1] ?? 0);
  const suffix = amendment >= FIRST_CWMP_AMENDMENT ? '-cwmp' : '';
  return published(`Device:${version}`, `tr-181-2-${amendment}-0${suffix}`);
}

/**
 * The model of a Service Object; undefined when none is published under that name.
 * @param uri of the data model as the device names it, e.g. `urn:broadband-forum-org:tr-104-1-1-0`
 */
export function publishedService(objectName: string, uri: string | undefined): PublishedModel | undefined {
  const service = SERVICES[objectName];
  if (service === undefined) return undefined;
  const { document, newest } = service;
  const [, issue, amendment] = /\btr-?\d{3}-(\d+)-(\d+)/i.exec(uri ?? '') ?? [];
  const name = `${objectName}:${issue ?? ''}.${amendment ?? ''}`;
  if (issue === undefined || amendment === undefined || name === newest.name) return newest;
  return published(name, `tr-${document}-${issue}-${amendment}`);
}

function published(name: string, document: string): PublishedModel {
  return { name, file: `${document}.xml`, spec: `urn:broadband-forum-org:${document}` };
}
