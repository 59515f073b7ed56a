import { escapeXml, readXml } from '../xml.ts';
import type { Arguments } from './cms-service.ts';
import { serviceType, type ServiceTable } from './service-table.ts';
import { UpnpError } from './upnp-error.ts';

const ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/';

export interface ActionRequest {
  readonly action: string;
  /** Service type as the control point wrote it: an older version of ours is answered in its own name. */
  readonly serviceType: string;
  readonly arguments: Arguments;
}

/** Whether `asked` names our service in our version or an older one. */
function servesType(table: ServiceTable, asked: string): boolean {
  const own = serviceType(table);
  const version = Number(/:(\d+)$/.exec(asked)?.[1] ?? 0);
  return asked.replace(/\d+$/, '') === own.replace(/\d+$/, '') && version >= 1 && version <= table.version;
}

/**
 * Reads a control message [UDA 3.1.1].
 * @throws UpnpError 401 for an unknown service or action, 402 for arguments that are missing, unknown or out of order
 */
export function readActionRequest(table: ServiceTable, soapAction: string, body: string): ActionRequest {
  const header = /^"([^"#]+)#([^"#]+)"$/.exec(soapAction.trim());
  const [, type, action] = header ?? [];
  if (type === undefined || action === undefined || !servesType(table, type)) throw new UpnpError(401);
  const description = Object.entries(table.actions).find(([name]) => name === action)?.[1];
  if (description === undefined) throw new UpnpError(401);
  let root;
  try {
    root = readXml(body);
  } catch {
    throw new UpnpError(402, 'the request is not well-formed');
  }
  const soapBody = root.children.find((child) => child.name === 'Body' && child.namespace === ENVELOPE);
  const call = soapBody?.children[0];
  if (root.name !== 'Envelope' || call?.name !== action || call.namespace !== type) throw new UpnpError(402);
  const expected = (description.in ?? []).map(([name]) => name);
  const given = call.children.filter((child) => expected.includes(child.name));
  if (given.map((child) => child.name).join() !== expected.join()) throw new UpnpError(402);
  return {
    action,
    serviceType: type,
    arguments: Object.fromEntries(given.map((child) => [child.name, child.text])),
  };
}

function envelope(content: string): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n' +
    `<s:Envelope xmlns:s="${ENVELOPE}" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">` +
    `<s:Body>${content}</s:Body></s:Envelope>\n`
  );
}

export function writeActionResponse(request: ActionRequest, output: Arguments): string {
  const fields = Object.entries(output).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  const name = `u:${request.action}Response`;
  return envelope(`<${name} xmlns:u="${request.serviceType}">${fields.join('')}</${name}>`);
}

export function writeFault(error: UpnpError): string {
  return envelope(
    '<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>' +
      `<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>${error.code}</errorCode>` +
      `<errorDescription>${escapeXml(error.message)}</errorDescription></UPnPError></detail></s:Fault>`,
  );
}
