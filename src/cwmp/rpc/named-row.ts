import type { DataModel } from '../../datamodel/data-model.ts';
import type { AddedRow } from '../../datamodel/provider.ts';
import type { Addressing } from './addressing.ts';
import { RpcFault } from './rpc-fault.ts';

const LAST_ALIAS = /^(.*\.)\[([^\][.]+)\]\.$/;

/** Parts `Table.[alias].`, the name of an instance to be created. */
export function splitAlias(objectName: string): {
  readonly table: string;
  readonly alias: string | undefined;
} {
  const [, table, alias] = LAST_ALIAS.exec(objectName) ?? [];
  return table === undefined ? { table: objectName, alias: undefined } : { table, alias };
}

/**
 * Adds a row and gives it its alias; when it cannot have that, the row goes again.
 * @throws RpcFault 9005 when a row has that alias already, or rows of the table cannot be named
 */
export async function addNamedRow(
  model: DataModel,
  addressing: Addressing,
  { table, alias }: { readonly table: string; readonly alias: string },
  signal: AbortSignal,
): Promise<AddedRow & { readonly path: string }> {
  const name = `${table}[${alias}].`;
  if (typeof (await addressing.resolveOrUnknown(name, signal)) === 'string') {
    throw new RpcFault(9005, `${name}: the alias is taken`);
  }
  const added = await model.addRow(table, signal);
  const path = `${table}${added.instanceNumber}.`;
  try {
    await model.setValues([{ path: `${path}Alias`, value: alias }], signal);
  } catch (error) {
    await model.deleteRow(path);
    throw error;
  }
  return { ...added, path };
}
