import { child, childText, escapeXml, parseXmlNodes } from './xml-tree.ts';
import type { XmlNode } from './xml-tree.ts';
import type { CpeMessage, CpeRequest, FaultMessage, InformMessage, ParameterValue } from './messages.ts';

const SOAP_ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/';
const CWMP_NAMESPACE = /^urn:dslforum-org:cwmp-1-\d+$/;

/** A decoded envelope of a CPE. */
export interface CpeEnvelope {
  readonly id: string;
  /** Namespace of the RPC, `urn:dslforum-org:cwmp-1-N`; '' for a fault without one. */
  readonly namespace: string;
  readonly supportedCwmpVersions: string;
  readonly message: CpeMessage;
}

/**
 * Decodes an envelope that a CPE sent.
 * @throws Error saying what is wrong with it
 */
export function decodeCpeEnvelope(document: string): CpeEnvelope {
  const envelope = parseXmlNodes(document);
  if (envelope.local !== 'Envelope' || envelope.uri !== SOAP_ENVELOPE) {
    throw new Error('the root element is not a SOAP 1.1 Envelope');
  }
  const header = child(envelope, 'Header');
  const call = child(envelope, 'Body')?.children[0];
  if (call === undefined) throw new Error('the SOAP Body is empty');
  const isFault = call.local === 'Fault' && call.uri === SOAP_ENVELOPE;
  if (!isFault && !CWMP_NAMESPACE.test(call.uri)) throw new Error('Unrecognized CWMP version');
  return {
    id: childText(header, 'ID'),
    namespace: isFault ? (child(child(call, 'detail'), 'Fault')?.uri ?? '') : call.uri,
    supportedCwmpVersions: childText(header, 'SupportedCWMPVersions'),
    message: isFault ? decodeFault(call) : decodeCall(call),
  };
}

function decodeCall(call: XmlNode): CpeMessage {
  const list = child(call, 'ParameterList')?.children ?? [];
  switch (call.local) {
    case 'Inform':
      return decodeInform(call);
    case 'TransferComplete': {
      const fault = child(call, 'FaultStruct');
      return {
        rpc: 'TransferComplete',
        commandKey: childText(call, 'CommandKey'),
        faultCode: childText(fault, 'FaultCode'),
        faultString: childText(fault, 'FaultString'),
      };
    }
    case 'GetRPCMethodsResponse':
      return {
        rpc: 'GetRPCMethodsResponse',
        methods: (child(call, 'MethodList')?.children ?? []).map((node) => node.text.trim()),
      };
    case 'GetParameterNamesResponse':
      return {
        rpc: 'GetParameterNamesResponse',
        parameters: list.map((node) => ({
          name: childText(node, 'Name'),
          writable: isTrue(childText(node, 'Writable')),
        })),
      };
    case 'GetParameterValuesResponse':
      return { rpc: 'GetParameterValuesResponse', parameters: list.map(decodeValue) };
    case 'SetParameterValuesResponse':
      return { rpc: 'SetParameterValuesResponse', status: Number(childText(call, 'Status')) };
    case 'GetParameterAttributesResponse':
      return {
        rpc: 'GetParameterAttributesResponse',
        parameters: list.map((node) => ({
          name: childText(node, 'Name'),
          notification: Number(childText(node, 'Notification')),
          accessList: (child(node, 'AccessList')?.children ?? []).map((entry) => entry.text.trim()),
        })),
      };
    case 'AddObjectResponse':
      return {
        rpc: 'AddObjectResponse',
        instanceNumber: Number(childText(call, 'InstanceNumber')),
        status: Number(childText(call, 'Status')),
      };
    case 'DeleteObjectResponse':
      return { rpc: 'DeleteObjectResponse', status: Number(childText(call, 'Status')) };
    default:
      return { rpc: call.local.endsWith('Response') ? 'OtherResponse' : 'OtherRequest', name: call.local };
  }
}

function decodeInform(call: XmlNode): InformMessage {
  const deviceId = child(call, 'DeviceId');
  return {
    rpc: 'Inform',
    manufacturer: childText(deviceId, 'Manufacturer'),
    oui: childText(deviceId, 'OUI'),
    productClass: childText(deviceId, 'ProductClass'),
    serialNumber: childText(deviceId, 'SerialNumber'),
    events: (child(call, 'Event')?.children ?? []).map((node) => ({
      code: childText(node, 'EventCode'),
      commandKey: childText(node, 'CommandKey'),
    })),
    maxEnvelopes: Number(childText(call, 'MaxEnvelopes')),
    currentTime: childText(call, 'CurrentTime'),
    retryCount: Number(childText(call, 'RetryCount')),
    parameters: (child(call, 'ParameterList')?.children ?? []).map(decodeValue),
  };
}

function decodeValue(node: XmlNode): ParameterValue {
  const value = child(node, 'Value');
  return {
    name: childText(node, 'Name'),
    value: value?.text ?? '',
    type: value?.attributes.get('type') ?? '',
  };
}

function decodeFault(fault: XmlNode): FaultMessage {
  const detail = child(child(fault, 'detail'), 'Fault');
  return {
    rpc: 'Fault',
    code: childText(detail, 'FaultCode'),
    text: childText(detail, 'FaultString') || childText(fault, 'faultstring'),
    parameterFaults: (detail?.children ?? [])
      .filter((node) => node.local === 'SetParameterValuesFault')
      .map((node) => ({
        name: childText(node, 'ParameterName'),
        code: childText(node, 'FaultCode'),
        text: childText(node, 'FaultString'),
      })),
  };
}

function isTrue(text: string): boolean {
  return text === '1' || text === 'true';
}

/** Header elements beyond the ID that a script may ask for. */
export interface SoapHeader {
  readonly holdRequests?: boolean;
  readonly useCwmpVersion?: string;
}

/** One line, every prefix declared on the Envelope, as GenieACS writes it. */
export function encodeEnvelope(namespace: string, id: string, body: string, header: SoapHeader = {}): string {
  const must = 'soap-env:mustUnderstand="1"';
  const lines = [
    id === '' ? '' : `<cwmp:ID ${must}>${escapeXml(id)}</cwmp:ID>`,
    header.holdRequests === undefined
      ? ''
      : `<cwmp:HoldRequests ${must}>${header.holdRequests ? 1 : 0}</cwmp:HoldRequests>`,
    header.useCwmpVersion === undefined
      ? ''
      : `<cwmp:UseCWMPVersion ${must}>${escapeXml(header.useCwmpVersion)}</cwmp:UseCWMPVersion>`,
  ];
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<soap-env:Envelope xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soap-env="${SOAP_ENVELOPE}"` +
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' +
    ` xmlns:cwmp="${namespace}"><soap-env:Header>${lines.join('')}</soap-env:Header>` +
    `<soap-env:Body>${body}</soap-env:Body></soap-env:Envelope>`
  );
}

/** Body of the answer to an Inform. */
export function informResponseBody(): string {
  return '<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>';
}

/** Body of the answer to GetRPCMethods: GenieACS serves nothing else. */
export function getRpcMethodsResponseBody(): string {
  const methods = ['Inform', 'GetRPCMethods', 'TransferComplete'].map((name) => `<string>${name}</string>`);
  return `<cwmp:GetRPCMethodsResponse><MethodList soap-enc:arrayType="xsd:string[3]">${methods.join('')}</MethodList></cwmp:GetRPCMethodsResponse>`;
}

/** Body of a fault of the ACS; `code` 8000 to 8899. */
export function faultBody(code: string, text: string): string {
  return (
    '<soap-env:Fault><faultcode>soap-env:Server</faultcode><faultstring>CWMP fault</faultstring>' +
    `<detail><cwmp:Fault><FaultCode>${escapeXml(code)}</FaultCode><FaultString>${escapeXml(text)}</FaultString>` +
    '</cwmp:Fault></detail></soap-env:Fault>'
  );
}

/** Body of a request to a CPE. */
export function requestBody(request: CpeRequest): string {
  switch (request.rpc) {
    case 'raw':
      return `<cwmp:${request.method}>${request.content}</cwmp:${request.method}>`;
    case 'GetRPCMethods':
    case 'FactoryReset':
      return `<cwmp:${request.rpc}/>`;
    default:
      return `<cwmp:${request.rpc}>${requestContent(request)}</cwmp:${request.rpc}>`;
  }
}

type RequestWithContent = Exclude<CpeRequest, { rpc: 'raw' | 'GetRPCMethods' | 'FactoryReset' }>;

function requestContent(request: RequestWithContent): string {
  switch (request.rpc) {
    case 'GetParameterNames':
      return element('ParameterPath', request.path) + element('NextLevel', request.nextLevel ? '1' : '0');
    case 'GetParameterValues':
    case 'GetParameterAttributes':
      return array(
        'ParameterNames',
        'xsd:string',
        request.names.map((name) => element('string', name)),
      );
    case 'SetParameterValues':
      return (
        array(
          'ParameterList',
          'cwmp:ParameterValueStruct',
          request.parameters.map(
            ({ name, value, type }) =>
              `<ParameterValueStruct>${element('Name', name)}<Value xsi:type="${escapeXml(type)}">${escapeXml(value)}</Value></ParameterValueStruct>`,
          ),
        ) + element('ParameterKey', request.parameterKey ?? '')
      );
    case 'SetParameterAttributes':
      return array(
        'ParameterList',
        'cwmp:SetParameterAttributesStruct',
        request.parameters.map((parameter) => {
          const { name, notification, accessList } = parameter;
          const entries = (accessList ?? []).map((entry) => element('string', entry));
          return (
            `<SetParameterAttributesStruct>${element('Name', name)}` +
            element('NotificationChange', notification === undefined ? 'false' : 'true') +
            element('Notification', notification === undefined ? '' : String(notification)) +
            element('AccessListChange', accessList === undefined ? 'false' : 'true') +
            `${array('AccessList', 'xsd:string', entries)}</SetParameterAttributesStruct>`
          );
        }),
      );
    case 'AddObject':
    case 'DeleteObject':
      return element('ObjectName', request.objectName) + element('ParameterKey', request.parameterKey ?? '');
    case 'ScheduleInform':
      return (
        element('DelaySeconds', String(request.delaySeconds)) + element('CommandKey', request.commandKey)
      );
    case 'Reboot':
      return element('CommandKey', request.commandKey);
  }
}

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

function array(name: string, type: string, entries: readonly string[]): string {
  return `<${name} soap-enc:arrayType="${type}[${entries.length}]">${entries.join('')}</${name}>`;
}
