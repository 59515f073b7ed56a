import { escapeText } from '../platform/xml/escape.ts';
import { collapseToken, parentOf, pathProblem, repairPath } from './cms-path.ts';
import type { CmsPathStyle } from './cms-path.ts';
import { DocumentError, readRecords, readRecordsAtOnce } from './document-reader.ts';
import type { DocumentRecord, DocumentShape } from './document-reader.ts';
import type { NodeAttributes, SubTree } from './types.ts';

/** The XML documents that CMS passes as strings [CMS:2 Appendix A]: written in standard form, read in every form seen in the field. */

export const CMS_NAMESPACE = 'urn:schemas-upnp-org:dm:cms';

const MAX_TOKEN_LENGTH = 16 * 1024;

/** List document -> the element of one path, and whether instances are numbers or `#`. */
const PATH_LISTS = {
  StructurePathList: { element: 'StructurePath', style: 'structure' },
  ContentPathList: { element: 'ContentPath', style: 'instance' },
  InstancePathList: { element: 'InstancePath', style: 'instance' },
  NodeAttributePathList: { element: 'NodeAttributePath', style: 'instance' },
  ACLDataPathList: { element: 'ACLDataPath', style: 'instance' },
} as const satisfies Readonly<Record<string, { element: string; style: CmsPathStyle }>>;

export type PathListName = keyof typeof PATH_LISTS;

const PARAMETER_VALUES: DocumentShape = {
  root: 'ParameterValueList',
  record: 'Parameter',
  fields: ['ParameterPath', 'Value'],
};
const NODE_ATTRIBUTES: DocumentShape = {
  root: 'NodeAttributeValueList',
  record: 'Node',
  fields: ['NodeAttributePath', 'Type', 'Access', 'Version', 'EventOnChange', 'MIMEType', 'AlarmOnChange'],
};
const DATA_MODELS: DocumentShape = {
  root: 'SupportedDataModels',
  record: 'SubTree',
  fields: ['URI', 'Location', 'URL', 'Description', 'SourceLocation'],
};
const ACL: DocumentShape = {
  root: 'ACL',
  record: 'ACLEntry',
  fields: ['ACLDataPath', 'List', 'Read', 'Write'],
};

/** Told of every entry that had to be left out, with the reason. */
export type OnRejected = (entry: string, reason: string) => void;

function encodeList(root: string, items: readonly string[]): string {
  return `<cms:${root} xmlns:cms="${CMS_NAMESPACE}">${items.join('')}</cms:${root}>`;
}

function element(name: string, text: string): string {
  return `<${name}>${escapeText(text)}</${name}>`;
}

/** A list of paths in the standard form [CMS:2 A_ARG_TYPE], of the element that `list` has. */
export function encodePathList(list: PathListName, paths: readonly string[]): string {
  const { element: name } = PATH_LISTS[list];
  return encodeList(
    list,
    paths.map((path) => element(name, path)),
  );
}

/** `values`: absolute path -> value. */
export function encodeParameterValueList(values: ReadonlyMap<string, string>): string {
  return encodeList(
    'ParameterValueList',
    Array.from(
      values,
      ([path, value]) => `<Parameter>${element('ParameterPath', path)}${element('Value', value)}</Parameter>`,
    ),
  );
}

/** `values`: path relative to the new instance -> value. */
export function encodeParameterInitialValueList(values: ReadonlyMap<string, string>): string {
  return encodeList(
    'ParameterInitialValueList',
    Array.from(
      values,
      ([path, value]) =>
        `<Node>${element('ParameterInitializationPath', path)}${element('Value', value)}</Node>`,
    ),
  );
}

/** Only the attributes that a control point can write. */
export interface WritableAttributes {
  readonly eventOnChange?: boolean;
  readonly alarmOnChange?: boolean;
}

/** `attributes`: absolute path -> those to be written; what is undefined is left as it is. */
export function encodeNodeAttributeValueList(attributes: ReadonlyMap<string, WritableAttributes>): string {
  const flag = (name: string, value: boolean | undefined): string =>
    value === undefined ? '' : element(name, value ? '1' : '0');
  return encodeList(
    'NodeAttributeValueList',
    Array.from(
      attributes,
      ([path, { eventOnChange, alarmOnChange }]) =>
        `<Node>${element('NodeAttributePath', path)}` +
        `${flag('EventOnChange', eventOnChange)}${flag('AlarmOnChange', alarmOnChange)}</Node>`,
    ),
  );
}

/** A field without needless white space; what is absurdly long is cut before it costs time. */
function tokenIn(record: DocumentRecord, field: string): string {
  return collapseToken((record.get(field) ?? '').slice(0, MAX_TOKEN_LENGTH));
}

/** The repaired path of a record, or undefined (and `onRejected` told) when it is beyond repair. */
function pathIn(
  record: DocumentRecord,
  field: string,
  style: CmsPathStyle,
  onRejected: OnRejected | undefined,
): string | undefined {
  const text = tokenIn(record, field);
  if (text === '') {
    onRejected?.('', 'has no path');
    return undefined;
  }
  const path = repairPath(text, style);
  const problem = pathProblem(path, style);
  if (problem === undefined) return path;
  onRejected?.(path.slice(0, 256), problem);
  return undefined;
}

/**
 * The paths of a list, without repetitions. In a StructurePathList an object that came without its final slash gets it
 * when another path lies below it.
 * @throws DocumentError
 */
export async function decodePathList(
  list: PathListName,
  text: string,
  onRejected?: OnRejected,
): Promise<string[]> {
  const { element: record, style } = PATH_LISTS[list];
  const paths = new Set<string>();
  await readRecords(text, { root: list, record, fields: [] }, (entry) => {
    const path = pathIn(entry, '', style, onRejected);
    if (path !== undefined) paths.add(path);
  });
  return list === 'StructurePathList' ? withObjectSlashes(paths) : [...paths];
}

function withObjectSlashes(paths: ReadonlySet<string>): string[] {
  const objects = new Set<string>();
  for (const path of paths) {
    for (
      let object = parentOf(path);
      object !== undefined && !objects.has(object);
      object = parentOf(object)
    ) {
      objects.add(object);
    }
  }
  return [...new Set(Array.from(paths, (path) => (objects.has(`${path}/`) ? `${path}/` : path)))];
}

function valueCollector(
  values: Map<string, string>,
  onRejected: OnRejected | undefined,
): (record: DocumentRecord) => void {
  return (record) => {
    const path = pathIn(record, 'ParameterPath', 'instance', onRejected);
    if (path !== undefined) values.set(path, record.get('Value') ?? '');
  };
}

/**
 * Path -> value exactly as sent: only the reader who knows the type may trim it.
 * @throws DocumentError
 */
export async function decodeParameterValueList(
  text: string,
  onRejected?: OnRejected,
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  await readRecords(text, PARAMETER_VALUES, valueCollector(values, onRejected));
  return values;
}

/**
 * The same at one go, for the alarm document of an event.
 * @throws DocumentError
 */
export function decodeAlarms(text: string): Map<string, string> {
  const values = new Map<string, string>();
  readRecordsAtOnce(text, PARAMETER_VALUES, valueCollector(values, undefined));
  return values;
}

/** Booleans of UDA and of XML Schema; undefined for anything else. */
export function parseFlag(text: string): boolean | undefined {
  switch (text.trim().toLowerCase()) {
    case '1':
    case 'true':
    case 'yes':
      return true;
    case '0':
    case 'false':
    case 'no':
      return false;
    default:
      return undefined;
  }
}

function toAccess(text: string): NodeAttributes['access'] {
  const access = text.trim().toLowerCase();
  if (access === 'readonly') return 'readOnly';
  return access === 'readwrite' ? 'readWrite' : undefined;
}

function toVersion(text: string): number | undefined {
  return /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : undefined;
}

function toAttributes(record: DocumentRecord): NodeAttributes {
  const type = tokenIn(record, 'Type');
  const mimeType = tokenIn(record, 'MIMEType');
  const access = toAccess(tokenIn(record, 'Access'));
  const version = toVersion(tokenIn(record, 'Version'));
  const eventOnChange = parseFlag(tokenIn(record, 'EventOnChange'));
  const alarmOnChange = parseFlag(tokenIn(record, 'AlarmOnChange'));
  return {
    ...(type !== '' && { type }),
    ...(access !== undefined && { access }),
    ...(version !== undefined && { version }),
    ...(eventOnChange !== undefined && { eventOnChange }),
    ...(mimeType !== '' && { mimeType }),
    ...(alarmOnChange !== undefined && { alarmOnChange }),
  };
}

/** @throws DocumentError */
export async function decodeNodeAttributeValueList(
  text: string,
  onRejected?: OnRejected,
): Promise<Map<string, NodeAttributes>> {
  const attributes = new Map<string, NodeAttributes>();
  await readRecords(text, NODE_ATTRIBUTES, (record) => {
    const path = pathIn(record, 'NodeAttributePath', 'instance', onRejected);
    if (path !== undefined) attributes.set(path, toAttributes(record));
  });
  return attributes;
}

/**
 * The data models; a Location always ends with a slash.
 * @throws DocumentError
 */
export async function decodeSupportedDataModels(text: string, onRejected?: OnRejected): Promise<SubTree[]> {
  const subTrees: SubTree[] = [];
  await readRecords(text, DATA_MODELS, (record) => {
    const location = tokenIn(record, 'Location');
    const closed = location === '' ? '' : `${location.replace(/\/$/, '')}/`;
    const path = pathIn(new Map([['Location', closed]]), 'Location', 'instance', onRejected);
    if (path === undefined) return;
    const optional = (field: string): string | undefined => {
      const content = tokenIn(record, field);
      return content === '' ? undefined : content;
    };
    const url = optional('URL');
    const description = optional('Description');
    const sourceLocation = optional('SourceLocation');
    subTrees.push({
      uri: optional('URI') ?? '',
      location: path,
      ...(url !== undefined && { url }),
      ...(description !== undefined && { description }),
      ...(sourceLocation !== undefined && { sourceLocation }),
    });
  });
  return subTrees;
}

/** Roles that may list, read and write what lies at a path; each a space-separated list. */
export interface AclEntry {
  readonly path: string;
  readonly list?: string;
  readonly read?: string;
  readonly write?: string;
}

/** @throws DocumentError */
export async function decodeAcl(text: string): Promise<AclEntry[]> {
  const entries: AclEntry[] = [];
  await readRecords(text, ACL, (record) => {
    const roles = (field: string): string | undefined => {
      return record.has(field) ? tokenIn(record, field) : undefined;
    };
    const list = roles('List');
    const read = roles('Read');
    const write = roles('Write');
    entries.push({
      path: tokenIn(record, 'ACLDataPath'),
      ...(list !== undefined && { list }),
      ...(read !== undefined && { read }),
      ...(write !== undefined && { write }),
    });
  });
  return entries;
}

export { DocumentError };
