import { expect } from 'chai';
import { TransactionError } from '../../../src/datamodel/model-error.ts';
import { InformParameters } from '../../../src/device2/inform-parameters.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import { buildLocalObjects } from './local-device.ts';

const TABLE = 'Device.ManagementServer.InformParameter.';

describe('InformParameter', () => {
  const store = memoryDocumentStore();
  const { model } = buildLocalObjects('Device:2');
  const table = new InformParameters(model, store, 'inform-parameters');
  const set = async (row: number, values: Readonly<Record<string, string>>): Promise<string> => {
    const assignments = Object.entries(values).map(([name, value]) => ({
      path: `${TABLE}${row}.${name}`,
      value,
    }));
    try {
      return await model.setValues(assignments);
    } catch (error) {
      if (!(error instanceof TransactionError)) throw error;
      return error.faults[0]?.kind ?? 'none';
    }
  };

  it('says nothing until a row is enabled', async () => {
    await model.addRow(TABLE);
    expect(await set(1, { ParameterName: 'Device.A.*.B' })).to.equal('applied');
    expect(table.patternsFor(['2 PERIODIC'])).to.deep.equal([]);
    expect(await set(1, { Enable: 'true' })).to.equal('applied');
    expect(table.patternsFor(['2 PERIODIC'])).to.deep.equal(['Device.A.*.B']);
  });

  it('keeps to the events of EventList', async () => {
    expect(await set(1, { EventList: '1 BOOT, M Reboot,X_ACME_Thing' })).to.equal('applied');
    expect(table.patternsFor(['2 PERIODIC'])).to.deep.equal([]);
    for (const event of ['1 BOOT', 'M Reboot', 'X_ACME_Thing']) {
      expect(table.patternsFor(['2 PERIODIC', event]), event).to.deep.equal(['Device.A.*.B']);
    }
    expect(await set(1, { EventList: '' })).to.equal('applied');
    expect(table.patternsFor(['4 VALUE CHANGE']), 'a value change alone').to.deep.equal([]);
    expect(table.patternsFor([])).to.deep.equal([]);
  });

  for (const [values, why] of [
    [{ ParameterName: 'Device.DeviceInfo.SoftwareVersion' }, 'in each Inform anyway'],
    [{ ParameterName: 'Device.A.' }, 'no parameter'],
    [{ ParameterName: 'Device.A.*' }, 'a wildcard for a parameter'],
    [{ ParameterName: 'Device.*.SoftwareVersion' }, 'a wildcard below what is no table'],
    [{ ParameterName: 'Device.[x].SoftwareVersion' }, 'an alias below what is no table'],
    [{ ParameterName: 'Device.DeviceInfo.1.SoftwareVersion' }, 'a number below what is no table'],
    [{ ParameterName: 'Device.DeviceInfo' }, 'an object'],
    [{ ParameterName: 'Device.ManagementServer.InformParameter.*' }, 'an object, too'],
    [{ ParameterName: 'Device.ManagementServer.InformParameter.Enable' }, 'no row'],
    [{ ParameterName: 'Device.DeviceInfo.UpTime.Seconds' }, 'below a parameter'],
    [{ ParameterName: 'Device..B' }, 'not a path'],
    [{ ParameterName: 'x'.repeat(257) }, 'too long'],
    [{ EventList: '4 VALUE CHANGE' }, 'says what changed itself'],
    [{ EventList: '2 PERIODIC,99 NEVER' }, 'no event'],
    [{ Enable: 'perhaps' }, 'no boolean'],
  ] as const) {
    it(`refuses ${JSON.stringify(values).slice(0, 60)}: ${why}`, async () => {
      expect(await set(1, values)).to.be.oneOf(['invalidValue', 'invalidType']);
      expect(table.patternsFor(['1 BOOT'])).to.deep.equal(['Device.A.*.B']);
    });
  }

  it('names each parameter in one row only', async () => {
    await model.addRow(TABLE);
    expect(await set(2, { ParameterName: 'Device.A.*.B' })).to.equal('invalidValue');
    expect(await set(2, { ParameterName: 'Device.A.[one].B', Enable: 'true' })).to.equal('applied');
  });

  it('takes what the model has, or may have later', async () => {
    for (const name of [
      'Device.ManagementServer.InformParameter.*.Enable',
      'Device.ManagementServer.InformParameter.7.Enable',
      'Device.DeviceInfo.UpTime',
      'Device.Services.StorageService.*.Enable',
      'Device.DeviceInfo.X_ACME_Later.*.Name',
    ]) {
      expect(await set(2, { ParameterName: name }), name).to.equal('applied');
    }
    expect(await set(2, { ParameterName: 'Device.A.[one].B' })).to.equal('applied');
  });

  it('outlives a restart', () => {
    const again = buildLocalObjects('Device:2');
    const restored = new InformParameters(again.model, store, 'inform-parameters');
    expect(restored.patternsFor(['1 BOOT'])).to.deep.equal(['Device.A.*.B', 'Device.A.[one].B']);
    expect(again.model.find(`${TABLE}2.Alias`)).to.have.property('writable', true);
  });
});
