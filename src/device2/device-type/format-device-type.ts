import type { Constraint } from '../../datamodel/value.ts';
import { escapeAttribute } from '../../platform/xml/escape.ts';
import { nameBasedUuid } from '../../platform/uuid.ts';
import type { SupportedObject, SupportedParameter } from './describe-model.ts';
import type { PublishedModel } from './published-model.ts';

export interface DeviceTypeDocument {
  /** Version 5, of the document without it: another content has another UUID. */
  readonly uuid: string;
  readonly text: string;
}

export interface DeviceTypeInput {
  /** A URI that names the kind of device, e.g. `urn:cwmp-proxier:device:0011AA:Nas`. */
  readonly deviceType: string;
  readonly model: PublishedModel;
  /** In the order in which they are written; refs as the model names its objects. */
  readonly objects: readonly SupportedObject[];
}

/** devicetype-1-6 is the newest version that validators for XSD 1.0 can check. */
const NAMESPACE = 'urn:broadband-forum-org:cwmp:devicetype-1-6';
const SCHEMA_LOCATION = 'https://www.broadband-forum.org/cwmp/cwmp-devicetype-1-6.xsd';
/** [DM schema] Longest name of an object or parameter; what a device nests deeper cannot be described. */
const LONGEST_REF = 256;
/** [DM schema] Names that XML has, too; devices have a few that it has not. One such name would make a document invalid. */
const WRITABLE_REF = /^(?!.*[ªº])[\p{L}_{][\p{L}\p{M}\p{Nd}_.{}\u00b7-]*$/u;

/** A DT document [TR-106 B]: of a published model, what a device supports. It tells names, types and access, and no value. */
export function formatDeviceType(input: DeviceTypeInput): DeviceTypeDocument {
  const body = formatBody(input);
  const uuid = nameBasedUuid(input.deviceType + body);
  const text = [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<dt:document xmlns:dt="${NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`,
    ` xsi:schemaLocation="${NAMESPACE} ${SCHEMA_LOCATION}"`,
    ` deviceType="${escapeAttribute(input.deviceType)}" uuid="${uuid}">\n`,
    body,
    '</dt:document>\n',
  ].join('');
  return { uuid, text };
}

function formatBody({ model, objects }: DeviceTypeInput): string {
  const parts = [
    `  <import file="${escapeAttribute(model.file)}" spec="${escapeAttribute(model.spec)}">\n`,
    `    <model name="${escapeAttribute(model.name)}"/>\n  </import>\n`,
    `  <model ref="${escapeAttribute(model.name)}">\n`,
  ];
  for (const object of objects) if (isWritten(object.ref)) parts.push(formatObject(object));
  parts.push('  </model>\n');
  return parts.join('');
}

function isWritten(ref: string): boolean {
  return ref.length <= LONGEST_REF && WRITABLE_REF.test(ref);
}

function formatObject({ ref, create, remove, parameters }: SupportedObject): string {
  const access = create ? (remove ? 'createDelete' : 'create') : remove ? 'delete' : 'readOnly';
  const entries = ref.endsWith('.{i}.')
    ? 'minEntries="0" maxEntries="unbounded"'
    : 'minEntries="1" maxEntries="1"';
  const parts = [`    <object ref="${escapeAttribute(ref)}" access="${access}" ${entries}>\n`];
  for (const parameter of [...parameters.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (isWritten(parameter.name)) parts.push(formatParameter(parameter));
  }
  parts.push('    </object>\n');
  return parts.join('');
}

function formatParameter({ name, type, writable, constraint, canDeny }: SupportedParameter): string {
  const access = writable ? 'readWrite' : 'readOnly';
  const notify = canDeny ? ' activeNotify="willDeny"' : '';
  const list = constraint?.list === true ? '<list/>' : '';
  const facets = constraint === undefined ? '' : formatFacets(type, constraint);
  const element = facets === '' ? `<${type}/>` : `<${type}>${facets}</${type}>`;
  return `      <parameter ref="${escapeAttribute(name)}" access="${access}"${notify}><syntax>${list}${element}</syntax></parameter>\n`;
}

function formatFacets(type: SupportedParameter['type'], constraint: Constraint): string {
  switch (type) {
    case 'boolean':
    case 'dateTime':
      return '';
    case 'int':
    case 'long':
    case 'unsignedInt':
    case 'unsignedLong':
      return (constraint.ranges ?? [])
        .map(({ min, max }) => `<range${bound('minInclusive', min)}${bound('maxInclusive', max)}/>`)
        .join('');
    case 'base64':
    case 'hexBinary':
      return formatSize(constraint);
    case 'string':
      return formatSize(constraint) + formatChoices(constraint);
  }
}

/** The size of a list is not that of its items. */
function formatSize({ minLength, maxLength, list }: Constraint): string {
  if (list === true || (minLength === undefined && maxLength === undefined)) return '';
  return `<size${bound('minLength', minLength)}${bound('maxLength', maxLength)}/>`;
}

function formatChoices({ enumeration, pattern }: Constraint): string {
  const values = [...new Set(enumeration ?? [])].map(
    (value) => `<enumeration value="${escapeAttribute(value)}"/>`,
  );
  if (pattern !== undefined) values.push(`<pattern value="${escapeAttribute(pattern.source)}"/>`);
  return values.join('');
}

function bound(name: string, value: bigint | number | undefined): string {
  return value === undefined ? '' : ` ${name}="${value}"`;
}
