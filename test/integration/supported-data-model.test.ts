import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { AcsSession } from '../../src/lab/acs/acs-session.ts';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import type { Config } from '../../src/platform/config/config.ts';
import { readDataModelXml, standardPath } from '../support/data-model-xml.ts';
import { House } from '../support/house.ts';
import { BBF_DIRECTORY, schemaSkipReason } from '../support/schema.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const VIRTUAL = '0090D5-HS2-HS2000200';
const TABLE = 'Device.DeviceInfo.SupportedDataModel.';
const EMBEDDED = 'Device.ManagementServer.EmbeddedDevice.';
const STORAGE = 'Device.Services.StorageService.1.';
const SENSOR_ROW = 'Device.X_0011AA_ProxiedDevice.2.';
const ROOT_URN = 'urn:broadband-forum-org:tr-181-2-17-0-cwmp';
const STORAGE_URN = 'urn:broadband-forum-org:tr-140-1-3-1';
const BELOW = 'Device.Services.';
/** [RFC 4122 4.1.1, 4.1.3] Version 5, variant 10x. */
const UUID_5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A row of SupportedDataModel as the ACS reads it. */
interface ModelRow {
  readonly path: string;
  readonly url: string;
  readonly uuid: string;
  readonly urn: string;
}

interface DescribedObject {
  access: string;
  /** Smallest and largest number of entries. */
  readonly entries: string;
  /** Access and type by name. */
  readonly parameters: Map<string, string>;
}

interface Document {
  /** Attributes of what stands before the objects: deviceType, uuid, file and spec of the import, ref of the model. */
  readonly head: ReadonlyMap<string, string>;
  /** By full path with `{i}`, those of Service Objects included, whose documents begin with their own name. */
  readonly objects: Map<string, DescribedObject>;
}

/** Names need no escapes, and what is well-formed is the schema's concern. */
function readDocument(text: string): Document {
  const head = new Map<string, string>();
  const objects = new Map<string, DescribedObject>();
  let object: DescribedObject | undefined;
  let parameter = new Map<string, string>();
  for (const [, element = '', rest = ''] of text.matchAll(/<([\w:]+)([^>]*)>/g)) {
    const named = new Map(
      Array.from(rest.matchAll(/(\w+)="([^"]*)"/g), ([, name = '', value = '']) => [name, value]),
    );
    if (element === 'object') {
      const entries = `${named.get('minEntries')}-${named.get('maxEntries')}`;
      object = { access: named.get('access') ?? '', entries, parameters: new Map() };
      objects.set((head.get('ref')?.startsWith('Device:') === true ? '' : BELOW) + named.get('ref'), object);
    } else if (object === undefined) for (const [name, value] of named) head.set(name, value);
    else if (element === 'parameter') parameter = named;
    else if (element !== 'syntax' && element !== 'list' && !object.parameters.has(parameter.get('ref') ?? ''))
      object.parameters.set(parameter.get('ref') ?? '', `${parameter.get('access')} ${element}`);
  }
  return { head, objects };
}

interface Listed {
  readonly objects: Map<string, DescribedObject>;
  /** Rows of tables that have none somewhere: what they support is in no list. */
  readonly empty: Set<string>;
}

/** What a CPE's own lists of names and values say, laid out as documents do. */
async function listOf(session: AcsSession): Promise<Listed> {
  const names = await session.getParameterNames('Device.', false);
  const values = await session.getParameterValues(['Device.']);
  const types = new Map(values.map(({ name, type }) => [name, type.replace('xsd:', '')]));
  const objects = new Map<string, DescribedObject>();
  const empty = new Set<string>();
  const objectAt = (path: string): DescribedObject => {
    const ref = standardPath(path);
    const entries = ref.endsWith('.{i}.') ? '0-unbounded' : '1-1';
    const object = objects.get(ref) ?? { access: 'readOnly', entries, parameters: new Map() };
    objects.set(ref, object);
    return object;
  };
  const allow = (object: DescribedObject, right: 'create' | 'delete', allowed: boolean): void => {
    if (!allowed || object.access.toLowerCase().includes(right)) return;
    object.access = object.access === 'readOnly' ? right : 'createDelete';
  };
  for (const [index, { name, writable }] of names.entries()) {
    const end = name.lastIndexOf('.') + 1;
    if (end < name.length) {
      const { parameters } = objectAt(name.slice(0, end));
      const leaf = name.slice(end);
      const mayWrite = writable || parameters.get(leaf)?.startsWith('readWrite') === true;
      parameters.set(leaf, `${mayWrite ? 'readWrite' : 'readOnly'} ${types.get(name) ?? 'not listed'}`);
      continue;
    }
    // Lists are depth first. An object with nothing below is a table: containers that become empty go.
    const next = names[index + 1]?.name ?? '';
    const below = next.startsWith(name) ? next.slice(name.length) : '';
    if (below !== '' && !/^\d+\.$/.test(below)) {
      allow(objectAt(name), 'delete', writable);
      continue;
    }
    const row = objectAt(`${name}{i}.`);
    allow(row, 'create', writable);
    if (below !== '') continue;
    empty.add(`${standardPath(name)}{i}.`);
    allow(row, 'delete', writable);
  }
  return { objects, empty };
}

/** Everything in which documents differ from the lists of the same CPE, one line each. */
function differences(described: ReadonlyMap<string, DescribedObject>, { objects, empty }: Listed): string[] {
  const found: string[] = [];
  for (const [ref, { access, entries, parameters }] of objects) {
    const object = described.get(ref);
    const own = `${object?.access} ${object?.entries}`;
    if (own !== `${access} ${entries}`) found.push(`${ref}: ${own}, not ${access} ${entries}`);
    for (const [name, expected] of parameters) {
      const actual = object?.parameters.get(name);
      if (actual !== expected) found.push(`${ref}${name}: ${actual}, not ${expected}`);
    }
  }
  for (const [ref, { parameters }] of described) {
    if ([...empty].some((row) => ref.startsWith(row))) continue;
    const own = objects.get(ref);
    if (own === undefined) found.push(`${ref} is in no list`);
    for (const name of parameters.keys())
      if (own?.parameters.has(name) !== true) found.push(`${ref}${name} is in no list`);
  }
  return found;
}

async function rowsOf(session: AcsSession): Promise<ModelRow[]> {
  const values = new Map((await session.getParameterValues([TABLE])).map(({ name, value }) => [name, value]));
  const paths = new Set([...values.keys()].map((name) => name.slice(0, name.lastIndexOf('.') + 1)));
  return [...paths].map((path) => {
    const at = (name: string): string => values.get(path + name) ?? 'not listed';
    return { path, url: at('URL'), uuid: at('UUID'), urn: at('URN') };
  });
}

describe('SupportedDataModel and DT documents', () => {
  /** Every document ever seen, by UUID: none of them may be anything else later. */
  const seen = new Map<string, string>();
  let house: House;
  let nas: LabDevice;
  /** Set for the daemon's next start. */
  let listener: Config['connectionRequest'] = { host: '127.0.0.1', port: 0 };

  const valueOf = async (id: string, name: string): Promise<string> =>
    (await house.acs.cpe(id).getParameterValues([name]))[0]?.value ?? 'no value';
  const isOnline = (device: LabDevice): boolean =>
    house.daemon?.status().devices.find(({ udn }) => udn === device.udn.toLowerCase())?.state === 'ready';
  const online = (device: LabDevice): Promise<boolean> =>
    waitFor(() => isOnline(device), `the ${device.profile.identity.serialNumber}`, 20_000);
  const leave = async (device: LabDevice): Promise<void> => {
    await device.stop();
    await waitFor(() => !isOnline(device), 'the loss of the device', 20_000);
  };
  /** [TR-181 SupportedDataModel.URL] `localhost` stands for the host of the CPE's ConnectionRequestURL. */
  const fetchable = (url: string): string =>
    url.replace(
      '//localhost',
      `//${new URL(house.acs.devices.get(PROXIER)?.connectionRequestUrl ?? '').hostname}`,
    );
  const documentOf = async ({ url, uuid }: ModelRow): Promise<Document> => {
    const response = await fetch(fetchable(url));
    expect(response.status, url).to.equal(200);
    expect(response.headers.get('content-type')).to.match(/^text\/xml\b/);
    const text = await response.text();
    expect(text, `${uuid} changed`).to.equal(seen.get(uuid) ?? text);
    seen.set(uuid, text);
    return readDocument(text);
  };

  /**
   * The rows of a CPE once their documents say what its lists say. They are made a while after the last change of the model, so
   * this waits; within one session, because a CPE limits connection requests. Documents are fetched once for each UUID.
   */
  const settled = async (id: string): Promise<ModelRow[]> => {
    let found: string[] = [];
    const compare = async (session: AcsSession): Promise<ModelRow[] | undefined> => {
      const rows = await rowsOf(session);
      const described = new Map<string, DescribedObject>();
      for (const row of rows) {
        const text = seen.get(row.uuid);
        const { objects } = text === undefined ? await documentOf(row) : readDocument(text);
        for (const [ref, object] of objects) described.set(ref, object);
      }
      found = differences(described, await listOf(session));
      return found.length === 0 ? rows : undefined;
    };
    try {
      return await house.acs.perform(id, (session) => waitFor(() => compare(session), 'documents'));
    } catch (error) {
      throw new Error(`${String(error)}\n${found.slice(0, 20).join('\n')}`, { cause: error });
    }
  };
  const rowWith = (rows: readonly ModelRow[], urn: string): ModelRow => {
    const [row, second] = rows.filter((candidate) => candidate.urn === urn);
    if (row === undefined || second !== undefined) throw new Error(`not one row of ${urn}`);
    return row;
  };
  /** An old URL says what it always said, or nothing. */
  const checkGone = async ({ url, uuid }: ModelRow): Promise<void> => {
    const response = await fetch(fetchable(url));
    if (response.status !== 404) expect(await response.text()).to.equal(seen.get(uuid));
  };
  /** The names of what the ACS may write in a new row. */
  const writableIn = async (id: string, table: string): Promise<(string | undefined)[]> => {
    const { instanceNumber } = await house.acs.cpe(id).addObject(table);
    const names = await house.acs.cpe(id).getParameterNames(`${table}${instanceNumber}.`, true);
    return names.filter(({ writable }) => writable).map(({ name }) => name.split('.').at(-1));
  };
  const startDaemon = async (): Promise<void> => {
    await house.startDaemon();
    await house.acs.waitForInform(PROXIER);
    await house.acs.waitForIdle(PROXIER);
  };

  before(async () => {
    house = await House.open({
      devices: { rules: [{ match: { serialNumber: 'EMBEDDED-*' }, mechanism: 'embedded' }] },
      config: (config) => ({
        ...config,
        proxier: { ...config.proxier, endpoint: true },
        connectionRequest: listener,
      }),
    });
    nas = await house.addDevice({ profile: 'nas' });
    const embedded = await house.addDevice({ profile: 'nas', identity: { serialNumber: 'EMBEDDED-1' } });
    await startDaemon();
    await Promise.all([online(nas), online(embedded)]);
    await house.acs.waitForInform(VIRTUAL);
    await house.acs.waitForIdle(VIRTUAL);
    // The name servers of this machine are rows that cannot be deleted; one that is added can.
    await house.acs.cpe(PROXIER).addObject('Device.DNS.Client.Server.');
  });

  after(() => house.close());

  for (const [what, id] of [
    ['the proxier', PROXIER],
    ['a virtual device', VIRTUAL],
  ] as const) {
    it(`of ${what} tell what its lists of names tell: nothing less, nothing more`, async () => {
      const rows = await settled(id);
      expect(rows.map(({ urn }) => urn)).to.have.members([ROOT_URN, STORAGE_URN]);
      expect(await valueOf(id, `${TABLE.slice(0, -1)}NumberOfEntries`)).to.equal('2');
      const port = new URL(await valueOf(id, 'Device.ManagementServer.ConnectionRequestURL')).port;
      for (const row of rows) {
        expect(row.uuid).to.match(UUID_5);
        expect(row.url).to.equal(`http://localhost:${port}/dt/${row.uuid}.xml`);
        const { head } = await documentOf(row);
        expect([head.get('uuid'), head.get('spec')]).to.deep.equal([row.uuid, row.urn]);
        // Anybody in reach may read the document: it names the kind of device, not the single one.
        expect(head.get('deviceType')).to.match(/^urn:cwmp-proxier:device:(0011AA:Proxier|0090D5:HS2)$/);
        expect(seen.get(row.uuid)).to.not.match(/HS2000200|EMBEDDED-1|HOUSE-1/);
      }
    });
  }

  const noSchemas = schemaSkipReason();
  const itWithSchemas = (title: string, test: () => Promise<void>): void => {
    if (noSchemas === undefined) it(title, test);
    else it.skip(`${title} (skipped: ${noSchemas})`);
  };

  itWithSchemas('are valid against cwmp-devicetype-1-6.xsd', async () => {
    for (const { uuid } of [...(await settled(PROXIER)), ...(await settled(VIRTUAL))]) {
      const schema = join(BBF_DIRECTORY, 'cwmp-devicetype-1-6.xsd');
      const env = { ...process.env, XML_CATALOG_FILES: join(BBF_DIRECTORY, 'catalog.xml') };
      const input = seen.get(uuid) ?? '';
      const run = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, '-'], { env, input });
      expect(run.status, run.stderr.toString().slice(0, 2000)).to.equal(0);
    }
  });

  itWithSchemas('import published models, and add nothing but vendor parts to them', async () => {
    for (const { uuid } of [...(await settled(PROXIER)), ...(await settled(VIRTUAL))]) {
      const { head, objects } = readDocument(seen.get(uuid) ?? '');
      const published = readDataModelXml(head.get('file')?.replace('.xml', '-full.xml') ?? '');
      for (const [path, { parameters }] of objects) {
        const ref = head.get('ref')?.startsWith('Device:') === true ? path : path.replace(BELOW, '');
        if (/\.X_/.test(ref)) continue;
        expect(published?.objects.has(ref), ref).to.equal(true);
        for (const [name, text] of parameters) {
          // How many there are of a Service Object no document of a root says.
          if (name.startsWith('X_') || ref + name === `${BELOW}StorageServiceNumberOfEntries`) continue;
          expect(text.split(' ')[1], ref + name).to.equal(published?.parameters.get(ref + name)?.type);
        }
      }
    }
  });

  it('are fetched without a login, by GET alone', async () => {
    const url = fetchable(rowWith(await settled(VIRTUAL), ROOT_URN).url);
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).to.be.oneOf([405, 413]);
    expect((await fetch(url.replace(/\w\.xml$/, '.xml'))).status).to.equal(404);
    expect((await fetch(url.replace(/dt\/.*$/, 'dt/'))).status).to.equal(404);
  });

  it('come anew, under another UUID, when another firmware supports more, and back with the old firmware', async () => {
    const before = await settled(VIRTUAL);
    const proxier = await settled(PROXIER);
    await leave(nas);
    const newer = await house.addDevice({ profile: 'nas', parameters: 3 });
    expect(newer.udn).to.equal(nas.udn);
    await online(newer);
    const after = await settled(VIRTUAL);
    expect([...(await documentOf(rowWith(after, ROOT_URN))).objects.keys()].join()).to.contain('X_LAB_Bench');
    expect(rowWith(after, ROOT_URN).uuid).to.not.equal(rowWith(before, ROOT_URN).uuid);
    // Another row, too: an ACS that knows rows by their paths must not take the one document for the other.
    expect(rowWith(after, ROOT_URN).path).to.not.equal(rowWith(before, ROOT_URN).path);
    expect(rowWith(after, STORAGE_URN)).to.deep.equal(rowWith(before, STORAGE_URN));
    await checkGone(rowWith(before, ROOT_URN));
    expect(await settled(PROXIER), 'what is not the device’s own stays').to.deep.equal(proxier);

    await leave(newer);
    // What rows there are is no part of it. GetAttributes tells nothing of a table without rows: that has to be remembered.
    nas.deleteRow('/BBF/StorageService/0/UserAccount/0/');
    await house.acs.cpe(PROXIER).addObject('Device.ManagementServer.InformParameter.');
    await nas.comeBack();
    await online(nas);
    const again = await settled(VIRTUAL);
    expect(again.map(({ uuid }) => uuid)).to.have.members(before.map(({ uuid }) => uuid));
    await checkGone(rowWith(after, ROOT_URN));
    await documentOf(rowWith(again, ROOT_URN));
    expect(await writableIn(VIRTUAL, `${STORAGE}UserAccount.`)).to.include.members(['Username', 'Password']);
  });

  it('stay the same, row and UUID, over a restart, at a URL with the public address', async () => {
    const before = { proxier: await settled(PROXIER), virtual: await settled(VIRTUAL) };
    const { port } = house.daemon?.addresses.connectionRequest ?? { port: 0 };
    listener = { host: '127.0.0.1', port, publicUrl: `http://127.0.0.1:${port}` };
    await leave(nas);
    await house.stopDaemon();
    await startDaemon();
    // A virtual device that is away cannot be asked: its documents are those of the time before.
    for (const row of before.virtual) await documentOf(row);

    await nas.comeBack();
    await online(nas);
    const sensor = await house.addDevice({ profile: 'sensor', identity: { serialNumber: 'EMBEDDED-2' } });
    for (const channel of [10, 12]) sensor.deleteRow(`/X_ACME_Sensor/Channel/${channel}/`);
    await online(sensor);
    // Documents are made in the order in which devices were described: with those of the last one the others are through.
    const after = { proxier: await settled(PROXIER), virtual: await settled(VIRTUAL) };
    const isPublic = (row: ModelRow): ModelRow => ({
      ...row,
      url: row.url.replace('//localhost:', '//127.0.0.1:'),
    });
    expect(after.virtual).to.deep.equal(before.virtual.map(isPublic));
    expect(rowWith(after.proxier, STORAGE_URN)).to.deep.equal(isPublic(rowWith(before.proxier, STORAGE_URN)));
    // The sensor has no Service Object: it is a part of the root, and new.
    expect(rowWith(after.proxier, ROOT_URN).uuid).to.not.equal(rowWith(before.proxier, ROOT_URN).uuid);
    await checkGone(rowWith(before.proxier, ROOT_URN));
  });

  it('are what each embedded device refers to: those of its services, and that of the root', async () => {
    const rows = await settled(PROXIER);
    const values = await house.acs.cpe(PROXIER).getParameterValues([EMBEDDED]);
    const of = (column: string): string[][] =>
      values
        .filter(({ name }) => name.endsWith(`.${column}`))
        .map(({ value }) => value.split(',').map((reference) => `${reference}.`));
    expect(of('Reference')).to.deep.equal([[STORAGE], [SENSOR_ROW]]);
    const root = rowWith(rows, ROOT_URN).path;
    expect(of('SupportedDataModel')).to.deep.equal([[rowWith(rows, STORAGE_URN).path, root], [root]]);
  });

  it('learn from the first row of a table what its rows support', async () => {
    const before = await settled(PROXIER);
    const table = `${SENSOR_ROW}X_ACME_Sensor.Channel.`;
    expect(await writableIn(PROXIER, table)).to.have.members(['Alias', 'Name', 'UpperLimit', 'LowerLimit']);
    const after = await settled(PROXIER);
    const { objects } = readDocument(seen.get(rowWith(after, ROOT_URN).uuid) ?? '');
    expect(objects.get(`${standardPath(table)}{i}.`)?.parameters.get('UpperLimit')).to.equal('readWrite int');
    await checkGone(rowWith(before, ROOT_URN));
  });
});
