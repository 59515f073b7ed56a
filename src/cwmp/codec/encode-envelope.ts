import { escapeText } from '../../platform/xml/escape.ts';
import { fault } from './fault.ts';
import type { CwmpNamespace, EnvelopeHeader, Fault, RpcMessage } from './messages.ts';
import { SOAP_ENVELOPE_URI } from './namespaces.ts';
import { rpcMessageShape } from './rpc-messages.ts';

const DECLARATIONS =
  `xmlns:soap-env="${SOAP_ENVELOPE_URI}" xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" ` +
  'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

/**
 * One SOAP envelope in UTF-8 that satisfies the CWMP schemas as far as the values themselves do.
 * Only our own words (FaultString) are cut to their maximal length; names and values are the caller's to check.
 */
export function encodeEnvelope(
  namespace: CwmpNamespace,
  header: EnvelopeHeader,
  body: RpcMessage | Fault,
): Buffer {
  const bytes: Buffer[] = [];
  for (const piece of pieces(namespace, header, body)) bytes.push(Buffer.from(piece));
  return Buffer.concat(bytes);
}

function* pieces(
  namespace: CwmpNamespace,
  header: EnvelopeHeader,
  body: RpcMessage | Fault,
): Iterable<string> {
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<soap-env:Envelope ${DECLARATIONS} xmlns:cwmp="${namespace}">`;
  yield `${encodeHeader(header)}<soap-env:Body>`;
  yield* bodyPieces(body);
  yield '</soap-env:Body></soap-env:Envelope>';
}

function bodyPieces(body: RpcMessage | Fault): Iterable<string> {
  if (body.kind === 'Fault') return [fault.write('soap-env:Fault', body)];
  const shape = rpcMessageShape(body.kind);
  if (shape === undefined) throw new TypeError(`no message ${body.kind}`);
  const name = `cwmp:${body.kind}`;
  return shape.pieces?.(name, body) ?? [shape.write(name, body)];
}

/** Which of them must be understood is fixed by the schema. */
function encodeHeader(header: EnvelopeHeader): string {
  let blocks = '';
  if (header.id !== undefined) blocks += headerBlock('ID', true, header.id);
  if (header.holdRequests !== undefined)
    blocks += headerBlock('HoldRequests', true, header.holdRequests ? '1' : '0');
  if (header.sessionTimeoutSeconds !== undefined) {
    blocks += headerBlock('SessionTimeout', false, String(header.sessionTimeoutSeconds));
  }
  if (header.supportedCwmpVersions !== undefined) {
    blocks += headerBlock('SupportedCWMPVersions', false, header.supportedCwmpVersions.join(','));
  }
  if (header.useCwmpVersion !== undefined)
    blocks += headerBlock('UseCWMPVersion', true, header.useCwmpVersion);
  return blocks === '' ? '' : `<soap-env:Header>${blocks}</soap-env:Header>`;
}

function headerBlock(name: string, mustUnderstand: boolean, content: string): string {
  return `<cwmp:${name} soap-env:mustUnderstand="${mustUnderstand ? '1' : '0'}">${escapeText(content)}</cwmp:${name}>`;
}
