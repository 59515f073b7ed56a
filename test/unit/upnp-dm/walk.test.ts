import { expect } from 'chai';
import { ActionError } from '../../../src/upnp/types.ts';
import { isLeaf, toStructurePath } from '../../../src/upnp-dm/cms-path.ts';
import { encodeParameterValueList, encodePathList } from '../../../src/upnp-dm/documents.ts';
import type { CmsClient } from '../../../src/upnp-dm/types.ts';
import { readCmsTree } from '../../../src/upnp-dm/walk.ts';
import { fakeClient, upnpError } from './fake-device.ts';
import type { Answer } from './fake-device.ts';

const VALUES: ReadonlyMap<string, string> = new Map([
  ['/UPnP/DM/DeviceInfo/SoftwareVersion', '1.0'],
  ['/BBF/WiFi/Radio/0/Channel', '11'],
  ['/BBF/WiFi/Radio/0/Name', 'first'],
  ['/BBF/WiFi/Radio/3/Channel', '1'],
  ['/BBF/WiFi/Radio/3/Name', 'second'],
  ['/BBF/WiFi/Radio/3/Client/7/Mac', '00'],
]);
const ROWS = ['/BBF/WiFi/Radio/0/', '/BBF/WiFi/Radio/3/', '/BBF/WiFi/Radio/3/Client/7/'];
const STRUCTURE = [
  '/UPnP/DM/DeviceInfo/SoftwareVersion',
  '/BBF/WiFi/Radio/#/Channel',
  '/BBF/WiFi/Radio/#/Name',
  '/BBF/WiFi/Radio/#/Client/#/Mac',
];
const TABLES = ['/BBF/WiFi/Radio/#/', '/BBF/WiFi/Radio/#/Client/#/'];

const DATA_MODELS =
  '<cms:SupportedDataModels xmlns:cms="urn:schemas-upnp-org:dm:cms"><SubTree><URI>urn:broadband-forum-org:tr-181-2-11-0</URI>' +
  '<Location>/BBF/</Location></SubTree></cms:SupportedDataModels>';

function pathsIn(document: string | undefined): string[] {
  return Array.from(
    (document ?? '').matchAll(/<(?:Content|NodeAttribute)Path>([^<]*)</g),
    (match) => match[1] ?? '',
  );
}

function httpError(httpStatus: number, action: string): ActionError {
  return new ActionError('transport', 0, '', action, `HTTP status ${httpStatus}`, { httpStatus });
}

/** What a standard device answers, from VALUES. */
function answer(action: string, inputs: ReadonlyMap<string, string>, values = VALUES): Answer {
  const start = inputs.get('StartingNode') ?? '/';
  const below = <T extends string>(paths: readonly T[]): T[] => {
    const found = paths.filter((path) => toStructurePath(path).startsWith(toStructurePath(start)));
    if (found.length === 0) throw upnpError(703);
    return found;
  };
  const asked = pathsIn(inputs.get('Parameters'));
  const known = new Set([
    ...values.keys(),
    ...ROWS,
    '/BBF/WiFi/Radio/',
    '/BBF/WiFi/Radio/3/Client/',
    '/BBF/WiFi/Radio/0/Client/',
  ]);
  switch (action) {
    case 'GetSupportedDataModels':
      return { SupportedDataModels: DATA_MODELS };
    case 'GetSupportedParameters':
      return { Result: encodePathList('StructurePathList', below(STRUCTURE)) };
    case 'GetInstances':
      return { Result: encodePathList('InstancePathList', below(ROWS)) };
    case 'GetValues': {
      const leaves = new Set(asked);
      const objects = asked.filter((wanted) => !isLeaf(wanted));
      const found = [...values].filter(
        ([path]) => leaves.has(path) || objects.some((object) => path.startsWith(object)),
      );
      if (found.length === 0) throw upnpError(703);
      return { ParameterValueList: encodeParameterValueList(new Map(found)) };
    }
    case 'GetAttributes': {
      if (asked.some((path) => !known.has(path))) throw upnpError(703);
      const nodes = asked.map((path) => {
        const type = isLeaf(path) ? '<Type>string</Type>' : '';
        const eventOnChange = path === '/BBF/WiFi/Radio/3/Channel' ? 1 : 0;
        return `<Node><NodeAttributePath>${path}</NodeAttributePath>${type}<Access>readWrite</Access><EventOnChange>${eventOnChange}</EventOnChange></Node>`;
      });
      return { NodeAttributeValueList: `<NodeAttributeValueList>${nodes.join('')}</NodeAttributeValueList>` };
    }
    default:
      throw upnpError(401);
  }
}

describe('upnp-dm/walk', () => {
  it('reads a standard device with five actions', async () => {
    const { client, calls } = fakeClient((action, inputs) => answer(action, inputs));
    const tree = await readCmsTree(client, { values: true });
    expect(calls.map(({ action }) => action)).to.deep.equal([
      'GetSupportedDataModels',
      'GetSupportedParameters',
      'GetInstances',
      'GetValues',
      'GetAttributes',
    ]);
    expect(tree.subTrees.map(({ location }) => location)).to.deep.equal(['/BBF/']);
    expect(tree.structure).to.have.members([...STRUCTURE, ...TABLES]);
    expect(tree.instances).to.have.members(ROWS);
    expect([...(tree.values ?? [])]).to.deep.equal([...VALUES]);
  });

  it('keeps attributes by structure path, and by path where one instance differs', async () => {
    const { client } = fakeClient((action, inputs) => answer(action, inputs));
    const { attributes } = await readCmsTree(client, { values: true });
    expect([...attributes.keys()]).to.have.members([
      ...STRUCTURE,
      ...TABLES,
      '/BBF/WiFi/Radio/',
      '/BBF/WiFi/Radio/#/Client/',
      '/BBF/WiFi/Radio/3/Channel',
    ]);
    expect(attributes.get('/BBF/WiFi/Radio/#/Channel')?.eventOnChange).to.equal(false);
    expect(attributes.get('/BBF/WiFi/Radio/3/Channel')?.eventOnChange).to.equal(true);
  });

  it('reads no values when none are wanted', async () => {
    const { client, calls } = fakeClient((action, inputs) => answer(action, inputs));
    expect(await readCmsTree(client)).to.not.have.property('values');
    expect(calls.map(({ action }) => action)).to.not.include('GetValues');
  });

  it('asks a device that refuses "/" at its locations and at the Common Objects', async () => {
    const { client } = fakeClient((action, inputs) => {
      if (inputs.get('StartingNode') === '/') throw upnpError(703);
      if (action === 'GetValues' && pathsIn(inputs.get('Parameters')).includes('/')) throw upnpError(703);
      return answer(action, inputs);
    });
    const tree = await readCmsTree(client, { values: true });
    expect(tree.structure).to.have.members([...STRUCTURE, ...TABLES]);
    expect(tree.instances).to.have.members(ROWS);
    expect(tree.values?.size).to.equal(VALUES.size);
  });

  it('assumes /BBF/ when a device does not tell its data models', async () => {
    const { client } = fakeClient((action, inputs) => {
      if (action === 'GetSupportedDataModels') throw new ActionError('transport', 0, '', action, 'HTTP 500');
      if (inputs.get('StartingNode') === '/') throw upnpError(703);
      return answer(action, inputs);
    });
    const tree = await readCmsTree(client);
    expect(tree.subTrees).to.deep.equal([]);
    expect(tree.structure).to.have.members([...STRUCTURE, ...TABLES]);
  });

  it('understands a device that answers GetValues only', async () => {
    const { client } = fakeClient((action, inputs) => {
      if (action !== 'GetValues') throw upnpError(402);
      return answer(action, inputs);
    });
    const tree = await readCmsTree(client, { values: true });
    expect(tree.structure).to.have.members([...STRUCTURE, ...TABLES]);
    expect(tree.instances).to.have.members(ROWS);
    expect(tree.attributes.size).to.equal(0);
    expect(tree.values?.size).to.equal(VALUES.size);
  });

  for (const httpStatus of [404, 500]) {
    it(`does without actions that a device answers with a bare HTTP ${httpStatus}`, async () => {
      const { client } = fakeClient((action, inputs) => {
        if (action === 'GetInstances' || action === 'GetAttributes') throw httpError(httpStatus, action);
        return answer(action, inputs);
      });
      const tree = await readCmsTree(client, { values: true });
      expect(tree.structure).to.have.members([...STRUCTURE, ...TABLES]);
      expect(tree.instances).to.have.members(ROWS);
      expect(tree.attributes.size).to.equal(0);
      expect(tree.values?.size).to.equal(VALUES.size);
    });
  }

  for (const action of [
    'GetSupportedDataModels',
    'GetSupportedParameters',
    'GetInstances',
    'GetAttributes',
    'GetValues',
  ]) {
    it(`does not take a device that is busy for one without ${action}`, async () => {
      const { client } = fakeClient((asked, inputs) => {
        if (asked === action) throw httpError(503, asked);
        return answer(asked, inputs);
      });
      const error: unknown = await readCmsTree(client, { values: true }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ActionError).with.property('httpStatus', 503);
      // One that says so by the code of CMS is asked again for some seconds first.
      const whole = fakeClient((asked, inputs) => answer(asked, inputs)).client;
      const method = `g${action.slice(1)}` as keyof CmsClient;
      const busyClient = new Proxy(whole, {
        get: (client, name) => {
          if (name === method) return () => Promise.reject(upnpError(708));
          const value: unknown = Reflect.get(client, name, client);
          return typeof value === 'function' ? (value.bind(client) as unknown) : value;
        },
      });
      const busy: unknown = await readCmsTree(busyClient, { values: true }).catch(
        (reason: unknown) => reason,
      );
      expect(busy).to.be.instanceOf(ActionError).with.property('code', 708);
    });
  }

  it('finds the paths for which a device refuses a whole GetAttributes', async () => {
    const { client, calls } = fakeClient((action, inputs) => {
      // The first radio lost its name after its table was described.
      const values = new Map(VALUES);
      values.delete('/BBF/WiFi/Radio/0/Name');
      return answer(action, inputs, values);
    });
    const { attributes } = await readCmsTree(client);
    expect(attributes.get('/BBF/WiFi/Radio/#/Name')?.type).to.equal('string');
    expect(attributes.get('/UPnP/DM/DeviceInfo/SoftwareVersion')?.type).to.equal('string');
    expect(calls.length).to.be.below(20);
  });

  it('reads one sub-tree', async () => {
    const { client, calls } = fakeClient((action, inputs) => answer(action, inputs));
    const tree = await readCmsTree(client, { paths: ['/UPnP/DM/'], values: true });
    expect(tree.structure).to.deep.equal(['/UPnP/DM/DeviceInfo/SoftwareVersion']);
    expect(tree.instances).to.deep.equal([]);
    expect(calls.map(({ action }) => action)).to.not.include('GetInstances');
  });

  it('reads one leaf inside a row', async () => {
    const { client } = fakeClient((action, inputs) => answer(action, inputs));
    const tree = await readCmsTree(client, { paths: ['/BBF/WiFi/Radio/3/Channel'], values: true });
    expect([...(tree.values ?? [])]).to.deep.equal([['/BBF/WiFi/Radio/3/Channel', '1']]);
    expect(tree.instances).to.deep.equal(['/BBF/WiFi/Radio/3/']);
  });

  it('says that a sub-tree does not exist', async () => {
    const { client } = fakeClient((action, inputs) => answer(action, inputs));
    const error: unknown = await readCmsTree(client, { paths: ['/No/'] }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ActionError).with.property('code', 703);
  });

  it('gives up at once on a device that does not answer', async () => {
    const { client, calls } = fakeClient((action) => {
      throw new ActionError('transport', 0, '', action, 'timed out');
    });
    const error: unknown = await readCmsTree(client).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ActionError).with.property('source', 'transport');
    expect(calls).to.have.length(2);
  });

  it('samples the attributes of a large tree', async () => {
    const values = new Map(Array.from({ length: 6000 }, (_, row) => [`/BBF/T/${row}/V`, 'x']));
    const rows = Array.from(values.keys(), (path) => path.slice(0, -1));
    const { client, calls } = fakeClient((action, inputs) => {
      if (action === 'GetSupportedParameters')
        return { Result: encodePathList('StructurePathList', ['/BBF/T/#/V']) };
      if (action === 'GetInstances') return { Result: encodePathList('InstancePathList', rows) };
      if (action === 'GetAttributes') {
        const nodes = pathsIn(inputs.get('Parameters')).map(
          (path) => `<Node><NodeAttributePath>${path}</NodeAttributePath><Access>readOnly</Access></Node>`,
        );
        return {
          NodeAttributeValueList: `<NodeAttributeValueList>${nodes.join('')}</NodeAttributeValueList>`,
        };
      }
      return answer(action, inputs, values);
    });
    const tree = await readCmsTree(client, { values: true });
    expect(tree.values?.size).to.equal(6000);
    expect([...tree.attributes.keys()]).to.have.members(['/BBF/T/#/V', '/BBF/T/', '/BBF/T/#/']);
    // Data models, parameters, instances, six slices of values, one of attributes.
    expect(calls).to.have.length(10);
  });
});
