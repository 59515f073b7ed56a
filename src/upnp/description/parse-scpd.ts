import { parseLooseXml } from '../../platform/xml/loose-xml.ts';
import { childOf } from '../../platform/xml/xml-tree.ts';
import type { XmlElement } from '../../platform/xml/xml-tree.ts';
import type { Scpd, ScpdAction, ScpdArgument, ScpdStateVariable } from '../types.ts';

const MAX_ENTRIES = 1000;

/**
 * Reads a service description [UDA 2.5].
 * @throws Error saying what is wrong with the document
 */
export async function parseScpd(document: Uint8Array): Promise<Scpd> {
  const root = await parseLooseXml(document);
  if (root.local !== 'scpd') throw new Error(`service description starts with <${root.local}>`);
  const actions = new Map<string, ScpdAction>();
  for (const element of listOf(root, 'actionList', 'action')) {
    const name = textOf(element, 'name');
    if (name !== '')
      actions.set(name, { name, arguments: listOf(element, 'argumentList', 'argument').map(readArgument) });
  }
  const stateVariables = new Map<string, ScpdStateVariable>();
  for (const element of listOf(root, 'serviceStateTable', 'stateVariable')) {
    const variable = readStateVariable(element);
    if (variable.name !== '') stateVariables.set(variable.name, variable);
  }
  return { actions, stateVariables };
}

function readArgument(element: XmlElement): ScpdArgument {
  return {
    name: textOf(element, 'name'),
    direction: textOf(element, 'direction').toLowerCase() === 'out' ? 'out' : 'in',
    relatedStateVariable: textOf(element, 'relatedStateVariable'),
  };
}

function readStateVariable(element: XmlElement): ScpdStateVariable {
  // UDA 1.0 drafts had an element instead of the attribute; the default is yes.
  const sendEvents = element.attributes.get('sendEvents') ?? textOf(element, 'sendEventsAttribute');
  return {
    name: textOf(element, 'name'),
    dataType: textOf(element, 'dataType'),
    sendEvents: sendEvents.trim().toLowerCase() !== 'no',
    defaultValue: childOf(element, 'defaultValue')?.text,
    allowedValues: listOf(element, 'allowedValueList', 'allowedValue').map((value) => value.text.trim()),
  };
}

function listOf(element: XmlElement, list: string, item: string): XmlElement[] {
  const found = childOf(element, list)?.children.filter((child) => child.local === item) ?? [];
  if (found.length > MAX_ENTRIES) throw new Error(`more than ${MAX_ENTRIES} ${item} elements`);
  return found;
}

function textOf(element: XmlElement, local: string): string {
  return (childOf(element, local)?.text ?? '').trim();
}
