import {
  readContentPathList,
  readNodeAttributePathList,
  readNodeAttributeValueList,
  readParameterInitialValueList,
  readParameterValueList,
  writeNodeAttributeValueList,
  writeParameterValueList,
  writePathList,
  writeSupportedDataModels,
  type AttributeRow,
} from './cms-documents.ts';
import type { Configuration } from './configuration.ts';
import { splitPath, type DeviceNode, type LeafNode, type TableNode } from './device-tree.ts';
import type { ProfileSubTree } from './profile.ts';
import type { RowValues } from './schema.ts';
import { parseFilter, selectLeaves } from './selection.ts';
import { instances, supportedParameters } from './structure.ts';
import { UpnpError } from './upnp-error.ts';
import { checkValue, parseValueType } from './value-type.ts';

export type Arguments = Readonly<Record<string, string>>;
export type ActionHandlers = ReadonlyMap<string, (input: Arguments) => Arguments>;

const UNSIGNED = parseValueType('unsignedInt');
const BOOLEAN = parseValueType('boolean');

/** An in-argument of a UDA type. @throws UpnpError 600 */
function argumentOf(type: typeof UNSIGNED, text: string | undefined): string {
  const word = (text ?? '').trim();
  try {
    return checkValue(type, type === BOOLEAN ? word.replace('yes', '1').replace('no', '0') : word);
  } catch {
    throw new UpnpError(600, 'Argument Value Invalid');
  }
}

function readValues(configuration: Configuration, document: string): string {
  const { tree } = configuration;
  const found = new Map<string, string>();
  for (const path of readContentPathList(document)) {
    if (path.includes('#')) throw new UpnpError(703);
    for (const leaf of tree.leaves(tree.get(path))) found.set(leaf.path, tree.read(leaf));
  }
  return writeParameterValueList(found);
}

/** All or nothing: every entry is checked before the first is applied. */
function setValues(configuration: Configuration, document: string): Arguments {
  const changes = new Map<LeafNode, string>();
  for (const [path, value] of readParameterValueList(document)) {
    const leaf = configuration.tree.get(path);
    if (leaf.kind !== 'leaf') throw new UpnpError(703);
    if (!leaf.schema.writable) throw new UpnpError(706);
    if (changes.has(leaf)) throw new UpnpError(707);
    changes.set(leaf, checkValue(leaf.schema.type, value));
  }
  configuration.tree.checkUniqueAfter(changes);
  return { Status: configuration.apply(changes) };
}

interface NestedValues {
  [name: string]: string | NestedValues;
}

/** `A/B = v` pairs as nested values of a row. */
function nest(table: TableNode, pairs: readonly (readonly [string, string])[]): RowValues {
  const values: NestedValues = {};
  for (const [path, value] of pairs) {
    const names = splitPath(`/${path}`);
    const leafName = names.pop();
    let schema = table.schema.row;
    let target = values;
    for (const name of names) {
      const next = schema.children.get(name);
      if (next?.kind !== 'object') throw new UpnpError(703);
      schema = next;
      const below = target[name];
      target = typeof below === 'object' ? below : (target[name] = {});
    }
    const leaf = leafName === undefined ? undefined : schema.children.get(leafName);
    if (leafName === undefined || leaf?.kind !== 'leaf') throw new UpnpError(703);
    if (!leaf.writable) throw new UpnpError(706);
    if (target[leafName] !== undefined) throw new UpnpError(707);
    target[leafName] = value;
  }
  return values;
}

function createInstance(configuration: Configuration, input: Arguments): Arguments {
  const table = configuration.tree.get(input['MultiInstanceName']?.trim() ?? '');
  if (table.kind !== 'table') throw new UpnpError(703);
  if (!table.schema.creatable) throw new UpnpError(706);
  const pairs = readParameterInitialValueList(input['ChildrenInitialization'] ?? '');
  const row = configuration.addRow(table, nest(table, pairs));
  return { InstanceIdentifier: row.path, Status: 'ChangesApplied' };
}

function deleteInstance(configuration: Configuration, input: Arguments): Arguments {
  const row = configuration.tree.get(input['InstanceIdentifier']?.trim() ?? '');
  if (row.kind !== 'object' || row.table === undefined) throw new UpnpError(703);
  if (!row.table.schema.creatable) throw new UpnpError(706);
  configuration.removeRow(row, row.table);
  return { Status: 'ChangesApplied' };
}

/** Access tells of a table whether rows can be created, of a row whether it can be deleted [CMS:2 1.6.2]. */
function attributesOf(node: DeviceNode): AttributeRow | undefined {
  const access = (writable: boolean): string => (writable ? 'readWrite' : 'readOnly');
  if (node.kind === 'object') {
    if (node.table === undefined) return undefined;
    return { path: node.path, access: access(node.table.schema.creatable) };
  }
  const common = {
    ...(node.schema.versioned ? { version: node.version } : {}),
    ...(node.schema.eventOnChange === undefined ? {} : { eventOnChange: node.eventOnChange }),
  };
  if (node.kind === 'table') return { path: node.path, access: access(node.schema.creatable), ...common };
  return {
    path: node.path,
    type: node.schema.type.base,
    access: access(node.schema.writable),
    ...common,
    ...(node.schema.eventOnChange === undefined ? {} : { alarmOnChange: node.alarmOnChange }),
  };
}

/** A path that has no attributes (an object that is no row) is left out of the answer. */
function getAttributes(configuration: Configuration, document: string): string {
  const rows: AttributeRow[] = [];
  for (const path of readNodeAttributePathList(document)) {
    const row = attributesOf(configuration.tree.get(path));
    if (row !== undefined) rows.push(row);
  }
  return writeNodeAttributeValueList(rows);
}

function setAttributes(configuration: Configuration, document: string): Arguments {
  const effects: (() => void)[] = [];
  for (const request of readNodeAttributeValueList(document)) {
    const node = configuration.tree.get(request.path);
    if (request.touchesReadOnly) throw new UpnpError(706);
    if (node.kind === 'object' || node.schema.eventOnChange === undefined) throw new UpnpError(706);
    if (request.eventOnChange !== undefined) {
      const enabled = checkValue(BOOLEAN, request.eventOnChange) === '1';
      effects.push(() => {
        node.eventOnChange = enabled;
      });
    }
    if (request.alarmOnChange !== undefined) {
      if (node.kind !== 'leaf') throw new UpnpError(706);
      const enabled = checkValue(BOOLEAN, request.alarmOnChange) === '1';
      effects.push(() => {
        node.alarmOnChange = enabled;
      });
    }
  }
  for (const effect of effects) effect();
  if (effects.length > 0) configuration.attributesChanged();
  return { Status: 'ChangesApplied' };
}

/** The actions of ConfigurationManagement:2 over one device's configuration; each may throw UpnpError. */
export function cmsHandlers(
  configuration: Configuration,
  subTrees: readonly ProfileSubTree[],
): ActionHandlers {
  const { tree } = configuration;
  const node = (input: Arguments): string => input['StartingNode']?.trim() ?? '';
  const depth = (input: Arguments): number => Number(argumentOf(UNSIGNED, input['SearchDepth']));
  const state = (value: string): Arguments => ({ StateVariableValue: value });
  return new Map<string, (input: Arguments) => Arguments>([
    ['GetSupportedDataModels', () => ({ SupportedDataModels: writeSupportedDataModels(subTrees) })],
    [
      'GetSupportedParameters',
      (input) => ({
        Result: writePathList('StructurePath', supportedParameters(tree, node(input), depth(input))),
      }),
    ],
    [
      'GetInstances',
      (input) => ({ Result: writePathList('InstancePath', instances(tree, node(input), depth(input))) }),
    ],
    ['GetValues', (input) => ({ ParameterValueList: readValues(configuration, input['Parameters'] ?? '') })],
    [
      'GetSelectedValues',
      (input) => {
        const leaves = selectLeaves(tree, node(input), parseFilter(input['Filter'] ?? ''));
        return {
          ParameterValueList: writeParameterValueList(
            Array.from(leaves, (leaf) => [leaf.path, tree.read(leaf)] as const),
          ),
        };
      },
    ],
    ['SetValues', (input) => setValues(configuration, input['ParameterValueList'] ?? '')],
    ['CreateInstance', (input) => createInstance(configuration, input)],
    ['DeleteInstance', (input) => deleteInstance(configuration, input)],
    [
      'GetAttributes',
      (input) => ({ NodeAttributeValueList: getAttributes(configuration, input['Parameters'] ?? '') }),
    ],
    ['SetAttributes', (input) => setAttributes(configuration, input['NodeAttributeValueList'] ?? '')],
    ['GetInconsistentStatus', () => state(configuration.variable('InconsistentStatus'))],
    ['GetConfigurationUpdate', () => state(configuration.variable('ConfigurationUpdate'))],
    ['GetCurrentConfigurationVersion', () => state(String(configuration.currentVersion))],
    ['GetSupportedDataModelsUpdate', () => state(configuration.variable('SupportedDataModelsUpdate'))],
    ['GetSupportedParametersUpdate', () => state(configuration.variable('SupportedParametersUpdate'))],
    ['GetAttributeValuesUpdate', () => state(configuration.variable('AttributeValuesUpdate'))],
    ['GetAlarmsEnabled', () => state(configuration.variable('AlarmsEnabled'))],
    [
      'SetAlarmsEnabled',
      (input) => {
        configuration.setAlarmsEnabled(argumentOf(BOOLEAN, input['StateVariableValue']) === '1');
        return {};
      },
    ],
  ]);
}
