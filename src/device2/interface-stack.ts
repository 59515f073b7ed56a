import type { DataModel } from '../datamodel/data-model.ts';
import { aliasColumn } from './alias-column.ts';
import { LocalTable } from './local-table.ts';
import type { LocalColumn } from './local-table.ts';

interface InterfaceStackRow {
  readonly alias?: string;
}

const text = (maxLength: number): LocalColumn<InterfaceStackRow> => ({
  type: 'string',
  constraint: { maxLength },
  get: () => '',
});

/**
 * Adds [TR-181] `Device.InterfaceStack.`, which follows from the LowerLayers of interface objects. This model has none of those, so
 * the table has no row: it is here because the Baseline profile wants its number of entries.
 */
export function addInterfaceStack(model: DataModel): void {
  new LocalTable<InterfaceStackRow>({
    model,
    path: 'Device.InterfaceStack.',
    columns: {
      Alias: aliasColumn<InterfaceStackRow>(),
      HigherLayer: text(256),
      LowerLayer: text(256),
      HigherAlias: text(64),
      LowerAlias: text(64),
    },
  });
}
