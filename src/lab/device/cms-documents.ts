import { escapeXml, readXml, type LabElement } from '../xml.ts';
import type { ProfileSubTree } from './profile.ts';
import { UpnpError } from './upnp-error.ts';

const NAMESPACE = 'urn:schemas-upnp-org:dm:cms';

/** What GetAttributes tells of one node, in the order of the schema. */
export interface AttributeRow {
  readonly path: string;
  readonly type?: string;
  readonly access?: string;
  readonly version?: number;
  readonly eventOnChange?: boolean;
  readonly alarmOnChange?: boolean;
}

/** A `name` element when `text` is given; nested elements are in no namespace. */
function element(name: string, text: string | number | undefined): string {
  return text === undefined ? '' : `<${name}>${escapeXml(String(text))}</${name}>`;
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** The root is qualified, everything in it is not (elementFormDefault is unqualified). */
function list(root: string, entries: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?><cms:${root} xmlns:cms="${NAMESPACE}">${entries.join('')}</cms:${root}>`;
}

export function writePathList(kind: 'StructurePath' | 'InstancePath', paths: readonly string[]): string {
  return list(
    `${kind}List`,
    paths.map((path) => element(kind, path)),
  );
}

export function writeParameterValueList(values: Iterable<readonly [string, string]>): string {
  const entries: string[] = [];
  for (const [path, value] of values) {
    entries.push(`<Parameter>${element('ParameterPath', path)}${element('Value', value)}</Parameter>`);
  }
  return list('ParameterValueList', entries);
}

export function writeSupportedDataModels(subTrees: readonly ProfileSubTree[]): string {
  return list(
    'SupportedDataModels',
    subTrees.map(
      ({ uri, location, description }) =>
        `<SubTree>${element('URI', uri)}${element('Location', location)}${element('Description', description)}</SubTree>`,
    ),
  );
}

export function writeNodeAttributeValueList(rows: readonly AttributeRow[]): string {
  return list(
    'NodeAttributeValueList',
    rows.map((row) => {
      const fields = [
        element('NodeAttributePath', row.path),
        element('Type', row.type),
        element('Access', row.access),
        element('Version', row.version),
        element('EventOnChange', flag(row.eventOnChange)),
        element('AlarmOnChange', flag(row.alarmOnChange)),
      ];
      return `<Node>${fields.join('')}</Node>`;
    }),
  );
}

/** The entries of a list argument. @throws UpnpError 702 when it is not well-formed or has another root */
function readList(document: string, root: string): readonly LabElement[] {
  let parsed: LabElement;
  try {
    parsed = readXml(document.trim());
  } catch {
    throw new UpnpError(702);
  }
  if (parsed.name !== root || parsed.namespace !== NAMESPACE) throw new UpnpError(702);
  return parsed.children;
}

function childText(parent: LabElement, name: string): string | undefined {
  return parent.children.find((child) => child.name === name)?.text;
}

function requiredText(parent: LabElement, name: string): string {
  const text = childText(parent, name);
  if (text === undefined) throw new UpnpError(702);
  return text;
}

/** Paths are xs:token: white space around them does not count. */
function readPaths(document: string, entry: 'ContentPath' | 'NodeAttributePath'): string[] {
  return readList(document, `${entry}List`)
    .filter((child) => child.name === entry)
    .map((child) => child.text.trim());
}

export const readContentPathList = (document: string): string[] => readPaths(document, 'ContentPath');
export const readNodeAttributePathList = (document: string): string[] =>
  readPaths(document, 'NodeAttributePath');

function readPairs(document: string, root: string, entry: string, path: string): [string, string][] {
  return readList(document, root)
    .filter((child) => child.name === entry)
    .map((child) => [requiredText(child, path).trim(), requiredText(child, 'Value')]);
}

export const readParameterValueList = (document: string): [string, string][] =>
  readPairs(document, 'ParameterValueList', 'Parameter', 'ParameterPath');

/** Empty text stands for "no initial values", as an empty root does. */
export const readParameterInitialValueList = (document: string): [string, string][] =>
  document.trim() === ''
    ? []
    : readPairs(document, 'ParameterInitialValueList', 'Node', 'ParameterInitializationPath');

/** A request to SetAttributes; the text of the two flags is not yet checked. */
export interface AttributeRequest {
  readonly path: string;
  readonly eventOnChange: string | undefined;
  readonly alarmOnChange: string | undefined;
  /** Names an attribute that cannot be written. */
  readonly touchesReadOnly: boolean;
}

export function readNodeAttributeValueList(document: string): AttributeRequest[] {
  return readList(document, 'NodeAttributeValueList')
    .filter((child) => child.name === 'Node')
    .map((node) => ({
      path: requiredText(node, 'NodeAttributePath').trim(),
      eventOnChange: childText(node, 'EventOnChange'),
      alarmOnChange: childText(node, 'AlarmOnChange'),
      touchesReadOnly: ['Type', 'Access', 'Version', 'MIMEType'].some(
        (name) => childText(node, name) !== undefined,
      ),
    }));
}
