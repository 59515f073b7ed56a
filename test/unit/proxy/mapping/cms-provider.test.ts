import { expect } from 'chai';

import { DataModel } from '../../../../src/datamodel/data-model.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { CmsProvider } from '../../../../src/proxy/mapping/cms-provider.ts';
import { ContentPaths } from '../../../../src/proxy/mapping/content-paths.ts';
import { PathMapping } from '../../../../src/proxy/mapping/path-mapping.ts';
import { ReferenceTranslator } from '../../../../src/proxy/mapping/references.ts';
import { Shadow } from '../../../../src/proxy/shadow.ts';

describe('proxy/mapping/cms-provider', () => {
  it('knows the last value of a parameter while its device is away, in the form of the data model', () => {
    const shadow = new Shadow(() => false);
    const plan = { root: 'Device' as const, rootDataModelVersion: '2.17', mounts: [], vendorPrefix: 'X_' };
    const provider = new CmsProvider(
      shadow,
      {
        client: undefined,
        eventsReliable: false,
        references: new ReferenceTranslator(new PathMapping(plan), new Set()),
        contentPaths: new ContentPaths([]),
        valuesRead: () => undefined,
        structureDoubtful: () => undefined,
        eventsUnknown: () => undefined,
        rowCreated: () => Promise.resolve(),
        rowDeleted: () => undefined,
        write: () => Promise.resolve('ChangesApplied'),
        changeRows: (_table, _by, change) => change(),
      },
      silentLogger,
    );
    const handle = { cmsPath: '/UPnP/DM/Enable', type: 'boolean', eventOnChange: true };
    const parameter = new DataModel('Device').addParameter('Device.Enable', {
      provider,
      type: 'boolean',
      handle,
    });
    expect(provider.lastKnown(parameter)).to.equal(undefined);
    shadow.store(new Map([['/UPnP/DM/Enable', '1']]), shadow.generation);
    shadow.invalidate();
    expect(provider.lastKnown(parameter)).to.equal('true');
  });
});
