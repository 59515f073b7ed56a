import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import type { Constraint, ValueType } from '../../../src/datamodel/value.ts';
import {
  describeModel,
  objectRefOf,
  type SupportedObject,
  type SupportedParameter,
} from '../../../src/device2/device-type/describe-model.ts';
import {
  formatDeviceType,
  type DeviceTypeInput,
} from '../../../src/device2/device-type/format-device-type.ts';
import { publishedRoot, publishedService } from '../../../src/device2/device-type/published-model.ts';
import { LocalTable } from '../../../src/device2/local-table.ts';
import { nameBasedUuid } from '../../../src/platform/uuid.ts';
import { BBF_DIRECTORY, schemaSkipReason } from '../../support/schema.ts';
import { FakeProvider } from '../datamodel/fake-provider.ts';

const MODEL = publishedRoot('Device', '2.17');

function parameter(name: string, more: Partial<SupportedParameter> = {}): SupportedParameter {
  return { name, type: 'string', writable: false, constraint: undefined, canDeny: false, ...more };
}

function object(ref: string, parameters: readonly SupportedParameter[] = []): SupportedObject {
  const byName = new Map(parameters.map((each) => [each.name, each]));
  return { ref, create: false, remove: false, parameters: byName };
}

describe('DT documents', () => {
  /** Everything that was formatted: in the end all of it is held against the schema. */
  const formatted = new Set<string>();

  const format = (
    objects: readonly SupportedObject[],
    more: Partial<DeviceTypeInput> = {},
  ): { readonly uuid: string; readonly text: string } => {
    const document = formatDeviceType({ deviceType: 'urn:example:nas', model: MODEL, objects, ...more });
    formatted.add(document.text);
    return document;
  };
  /** The syntax of a parameter of that type and constraint. */
  const syntaxOf = (type: ValueType, constraint?: Constraint): string => {
    const { text } = format([object('Device.', [parameter('P', { type, constraint })])]);
    return /<syntax>(.*)<\/syntax>/.exec(text)?.[1] ?? 'no syntax';
  };

  it('tell what a model is, what it imports, and each object with its parameters by name', () => {
    const table = {
      ...object('Device.Hosts.Host.{i}.', [parameter('Up', { type: 'boolean' })]),
      create: true,
      remove: true,
    };
    const root = object('Device.', [
      parameter('B', { writable: true, constraint: { maxLength: 64 } }),
      parameter('A', { type: 'dateTime', canDeny: true }),
    ]);
    const { uuid, text } = format([root, table]);
    expect(text.split('\n')).to.deep.equal([
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<dt:document xmlns:dt="urn:broadband-forum-org:cwmp:devicetype-1-6"' +
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' +
        ' xsi:schemaLocation="urn:broadband-forum-org:cwmp:devicetype-1-6' +
        ' https://www.broadband-forum.org/cwmp/cwmp-devicetype-1-6.xsd"' +
        ` deviceType="urn:example:nas" uuid="${uuid}">`,
      '  <import file="tr-181-2-17-0-cwmp.xml" spec="urn:broadband-forum-org:tr-181-2-17-0-cwmp">',
      '    <model name="Device:2.17"/>',
      '  </import>',
      '  <model ref="Device:2.17">',
      '    <object ref="Device." access="readOnly" minEntries="1" maxEntries="1">',
      '      <parameter ref="A" access="readOnly" activeNotify="willDeny"><syntax><dateTime/></syntax></parameter>',
      '      <parameter ref="B" access="readWrite"><syntax><string><size maxLength="64"/></string></syntax></parameter>',
      '    </object>',
      '    <object ref="Device.Hosts.Host.{i}." access="createDelete" minEntries="0" maxEntries="unbounded">',
      '      <parameter ref="Up" access="readOnly"><syntax><boolean/></syntax></parameter>',
      '    </object>',
      '  </model>',
      '</dt:document>',
      '',
    ]);
  });

  it('have the UUID of their content, version 5', () => {
    const one = parameter('A');
    const two = parameter('B', { type: 'int', constraint: { ranges: [{ max: 5n }] } });
    const { uuid } = format([object('Device.', [one, two])]);
    expect(uuid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(format([object('Device.', [two, one])]).uuid, 'in whatever order they came').to.equal(uuid);
    const others = [
      format([object('Device.', [one])]),
      format([object('Device.', [one, { ...two, writable: true }])]),
      format([object('Device.', [one, { ...two, type: 'long' }])]),
      format([object('Device.', [one, { ...two, canDeny: true }])]),
      format([object('Device.', [one, { ...two, constraint: { ranges: [{ max: 6n }] } }])]),
      format([{ ...object('Device.', [one, two]), create: true }]),
      format([object('Device.', [one, two]), object('Device.A.')]),
      format([object('Device.', [one, two])], { deviceType: 'urn:example:tv' }),
      format([object('Device.', [one, two])], { model: publishedRoot('Device', '2.16') }),
    ];
    expect(new Set([uuid, ...others.map((other) => other.uuid)]).size).to.equal(others.length + 1);
  });

  it('keep their UUIDs from one version of the daemon to the next', () => {
    // An ACS may have kept documents under them: whoever changes these lines breaks that.
    expect(nameBasedUuid('')).to.equal('4433c241-2c34-59ad-98ee-d39bfe624e2f');
    expect(nameBasedUuid('Größe ✓')).to.equal('f2150faa-9d20-5ebf-a8de-2ec74a9f7068');
  });

  it('name rights to rows as the schema does', () => {
    const access = (create: boolean, remove: boolean): string | undefined =>
      /access="(\w+)"/.exec(format([{ ...object('Device.A.{i}.'), create, remove }]).text)?.[1];
    expect([
      access(false, false),
      access(true, false),
      access(false, true),
      access(true, true),
    ]).to.deep.equal(['readOnly', 'create', 'delete', 'createDelete']);
  });

  it('give ranges of numbers with their open ends, to the last of 64 bits', () => {
    expect(syntaxOf('unsignedInt')).to.equal('<unsignedInt/>');
    expect(syntaxOf('unsignedInt', { ranges: [{ min: 0n, max: 63n }] })).to.equal(
      '<unsignedInt><range minInclusive="0" maxInclusive="63"/></unsignedInt>',
    );
    expect(syntaxOf('int', { ranges: [{ max: -1n }, { min: 1n }] })).to.equal(
      '<int><range maxInclusive="-1"/><range minInclusive="1"/></int>',
    );
    expect(syntaxOf('unsignedLong', { ranges: [{ max: 18_446_744_073_709_551_615n }] })).to.equal(
      '<unsignedLong><range maxInclusive="18446744073709551615"/></unsignedLong>',
    );
    expect(syntaxOf('long', { ranges: [{ min: -9_223_372_036_854_775_808n }] })).to.equal(
      '<long><range minInclusive="-9223372036854775808"/></long>',
    );
    expect(syntaxOf('int', { ranges: [] })).to.equal('<int/>');
  });

  it('give sizes in characters or octets, and only where the type has one', () => {
    const size = { minLength: 0, maxLength: 8 };
    expect(syntaxOf('string', size)).to.equal('<string><size minLength="0" maxLength="8"/></string>');
    expect(syntaxOf('base64', { maxLength: 8 })).to.equal('<base64><size maxLength="8"/></base64>');
    expect(syntaxOf('hexBinary', { minLength: 3 })).to.equal('<hexBinary><size minLength="3"/></hexBinary>');
    for (const type of ['boolean', 'dateTime', 'int'] as const)
      expect(syntaxOf(type, size)).to.equal(`<${type}/>`);
  });

  it('give the values of strings, each once, and patterns', () => {
    expect(syntaxOf('string', { enumeration: ['Up', 'Down', 'Up', ''] })).to.equal(
      '<string><enumeration value="Up"/><enumeration value="Down"/><enumeration value=""/></string>',
    );
    expect(syntaxOf('string', { pattern: /2\.\d+/, maxLength: 32 })).to.equal(
      '<string><size maxLength="32"/><pattern value="2\\.\\d+"/></string>',
    );
    // The schema has no such facets for other types.
    expect(syntaxOf('int', { enumeration: ['1'], pattern: /\d/ })).to.equal('<int/>');
    expect(syntaxOf('base64', { enumeration: ['QQ=='] })).to.equal('<base64/>');
  });

  it('say of lists what holds for their items', () => {
    expect(syntaxOf('string', { list: true })).to.equal('<list/><string/>');
    expect(syntaxOf('string', { list: true, maxLength: 256, enumeration: ['a', 'b'] })).to.equal(
      '<list/><string><enumeration value="a"/><enumeration value="b"/></string>',
    );
    expect(syntaxOf('unsignedInt', { list: true, maxLength: 99, ranges: [{ min: 1n }] })).to.equal(
      '<list/><unsignedInt><range minInclusive="1"/></unsignedInt>',
    );
  });

  it('stay well-formed with whatever characters', () => {
    expect(syntaxOf('string', { enumeration: ['a"b', '<&>', 'Größe ✓', '😀', "it's"] })).to.equal(
      '<string><enumeration value="a&quot;b"/><enumeration value="&lt;&amp;&gt;"/>' +
        '<enumeration value="Größe ✓"/><enumeration value="😀"/><enumeration value="it\'s"/></string>',
    );
    // XML has no place for these two: no document at all would be worse than a replacement.
    expect(syntaxOf('string', { enumeration: ['a\u0000b', 'c\ud800d'] })).to.equal(
      '<string><enumeration value="a\ufffdb"/><enumeration value="c\ufffdd"/></string>',
    );
    expect(syntaxOf('string', { pattern: /[<&"\t]/ })).to.contain('value="[&lt;&amp;&quot;\\t]"');
    const { text } = format([object('Device.Ö_x-1.', [parameter('Ä·é')])], { deviceType: 'urn:x:"<&>' });
    expect(text).to.contain('deviceType="urn:x:&quot;&lt;&amp;&gt;"').and.contain('ref="Device.Ö_x-1."');
  });

  it('are documents also with nothing to tell', () => {
    expect(format([]).text).to.contain('  <model ref="Device:2.17">\n  </model>\n');
    expect(format([object('Device.A.{i}.')]).text).to.match(/maxEntries="unbounded">\n {4}<\/object>/);
  });

  it('leave out what is nested deeper than a document can name', () => {
    const longest = `Device.${'x'.repeat(248)}.`;
    const { text } = format([object(longest), object(`${longest}A.`)]);
    expect(longest).to.have.length(256);
    expect(text.match(/<object/g)).to.have.length(1);
  });

  it('leave out names that XML does not have', () => {
    const names = ['Good', 'X²', 'Ⅷ', 'ª', 'x'.repeat(257)].map((name) => parameter(name));
    const { text } = format([object('Device.', names), object('Device.X².')]);
    expect([...text.matchAll(/<(?:object|parameter) ref="([^"]*)"/g)].map(([, ref]) => ref)).to.deep.equal([
      'Device.',
      'Good',
    ]);
  });

  const reason = schemaSkipReason();
  const title = 'are all valid against cwmp-devicetype-1-6.xsd';
  if (reason !== undefined) it.skip(`${title} (skipped: ${reason})`);
  else {
    it(title, () => {
      expect(formatted.size).to.be.greaterThan(30);
      const schema = join(BBF_DIRECTORY, 'cwmp-devicetype-1-6.xsd');
      const env = { ...process.env, XML_CATALOG_FILES: join(BBF_DIRECTORY, 'catalog.xml') };
      for (const input of formatted) {
        const run = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, '-'], { env, input });
        expect(run.status, run.stderr.toString() + input).to.equal(0);
      }
    }).timeout(60_000);
  }
});

describe('describing a model', () => {
  let model: DataModel;
  const provider = new FakeProvider('device', true);
  const leaf = (path: string, writable = false, constraint?: Constraint): void =>
    void model.addParameter(path, { provider, type: 'string', writable, constraint });

  beforeEach(() => {
    model = new DataModel('Device');
  });

  it('makes one object of all rows: what one of them has or lets be written, it supports', async () => {
    model.addObject('Device.A.', { provider, table: true, writable: true });
    for (const row of [3, 7]) model.addObject(`Device.A.${row}.`, { provider, writable: row === 7 });
    leaf('Device.A.3.Both', true, { maxLength: 8 });
    leaf('Device.A.7.Both', false, { maxLength: 8 });
    leaf('Device.A.3.First');
    leaf('Device.A.7.Last');
    model.addObject('Device.A.7.B.', { provider, table: true });
    leaf('Device.A.7.B.1.C.Deep');
    const described = await describeModel(model);
    expect([...described.keys()]).to.deep.equal([
      'Device.',
      'Device.A.{i}.',
      'Device.A.{i}.B.{i}.',
      'Device.A.{i}.B.{i}.C.',
    ]);
    const row = described.get('Device.A.{i}.');
    expect(row).to.include({ create: true, remove: true });
    expect([...(row?.parameters.values() ?? [])]).to.have.deep.members([
      parameter('Both', { writable: true, constraint: { maxLength: 8 } }),
      parameter('First'),
      parameter('Last'),
    ]);
    expect(described.get('Device.A.{i}.B.{i}.')).to.include({ create: false, remove: false });
    expect([...(described.get('Device.A.{i}.B.{i}.C.')?.parameters.keys() ?? [])]).to.deep.equal(['Deep']);
  });

  it('tells of a table without rows what it tells of it with rows', async () => {
    const table = new LocalTable<{ readonly name: string }>({
      model,
      path: 'Device.Local.',
      create: () => ({ name: '' }),
      columns: {
        Name: { type: 'string', writable: true, get: ({ name }) => name, set: (_, name) => ({ name }) },
        Key: { type: 'string', notification: 'canDeny', get: () => 'k' },
      },
    });
    const before = await describeModel(model);
    expect(before.get('Device.Local.{i}.')?.parameters.get('Name')).to.deep.equal(
      parameter('Name', { writable: true }),
    );
    expect(before.get('Device.Local.{i}.')?.parameters.get('Key')?.canDeny).to.equal(true);
    await table.addRow();
    expect(await describeModel(model)).to.deep.equal(before);
  });

  it('adds what the device supports beyond the nodes that there are', async () => {
    model.addObject('Device.A.', { provider, table: true, writable: true });
    leaf('Device.A.1.Known');
    const described = await describeModel(model, {
      objects: [
        { ref: 'Device.A.{i}.', create: false, remove: true },
        { ref: 'Device.A.{i}.B.{i}.', create: true, remove: false },
      ],
      parameters: [
        { objectRef: 'Device.A.{i}.', ...parameter('Known', { type: 'int', writable: true }) },
        { objectRef: 'Device.A.{i}.B.{i}.', ...parameter('New') },
      ],
    });
    expect(described.get('Device.A.{i}.')).to.include({ create: true, remove: true });
    // A node knows its type better than what is only imagined.
    expect(described.get('Device.A.{i}.')?.parameters.get('Known')).to.deep.equal(
      parameter('Known', { writable: true }),
    );
    expect(described.get('Device.A.{i}.B.{i}.')).to.include({ create: true, remove: false });
    expect([...(described.get('Device.A.{i}.B.{i}.')?.parameters.values() ?? [])]).to.deep.equal([
      parameter('New'),
    ]);
    expect([...described.keys()].at(-1)).to.equal('Device.A.{i}.B.{i}.');
  });

  it('tells values of nobody, and no instance', async () => {
    model.addObject('Device.A.', { provider, table: true });
    leaf('Device.A.4711.Secret', true);
    provider.values.set('Device.A.4711.Secret', 'hunter2');
    const objects = [...(await describeModel(model)).values()];
    const { text } = formatDeviceType({ deviceType: 'urn:x:y', model: MODEL, objects });
    expect(text)
      .to.contain('Secret')
      .and.not.match(/hunter2|4711/);
    expect(provider.log).to.deep.equal([]);
  });

  it('leaves room for others on the way through a large model', async () => {
    for (let at = 0; at < 50; at += 1)
      for (let below = 0; below < 200; below += 1) leaf(`Device.A${at}.P${below}`);
    let turns = 0;
    let done = false;
    const count = async (): Promise<void> => {
      for (; !done; turns += 1) await nextTurn();
    };
    const counting = count();
    const described = await describeModel(model);
    done = true;
    await counting;
    expect(described.size).to.equal(51);
    expect(turns).to.be.greaterThan(3);
  });

  it('finds where an object stands, also one that is gone', () => {
    model.addObject('Device.A.', { provider, table: true });
    leaf('Device.A.1.B.2.C');
    expect(objectRefOf(model, 'Device.')).to.equal('Device.');
    expect(objectRefOf(model, 'Device.A.1.')).to.equal('Device.A.{i}.');
    expect(objectRefOf(model, 'Device.A.9.')).to.equal('Device.A.{i}.');
    expect(objectRefOf(model, 'Device.A.')).to.equal('Device.A.');
    // A number is a row of a table only: elsewhere it is a name.
    expect(objectRefOf(model, 'Device.A.1.B.2.')).to.equal('Device.A.{i}.B.2.');
  });
});

describe('published models', () => {
  it('of roots are those of the version that the device names', () => {
    expect(publishedRoot('Device', '2.17')).to.deep.equal({
      name: 'Device:2.17',
      file: 'tr-181-2-17-0-cwmp.xml',
      spec: 'urn:broadband-forum-org:tr-181-2-17-0-cwmp',
    });
    expect(publishedRoot('Device', '2.11').file).to.equal('tr-181-2-11-0.xml');
    expect(publishedRoot('Device', '2.12').file).to.equal('tr-181-2-12-0-cwmp.xml');
    expect(publishedRoot('Device', undefined).name).to.equal('Device:1.5');
    expect(publishedRoot('InternetGatewayDevice', undefined).file).to.equal('tr-098-1-8-0.xml');
  });

  it('of services are those that the device names, or the newest', () => {
    const older = publishedService('VoiceService', 'urn:broadband-forum-org:tr-104-1-1-0');
    expect(older?.name).to.equal('VoiceService:1.1');
    expect(publishedService('VoiceService', undefined)?.file).to.equal('tr-104-2-0-2-cwmp.xml');
    expect(publishedService('StorageService', 'urn:broadband-forum-org:tr-140-1-3-1')?.file).to.equal(
      'tr-140-1-3-1-cwmp.xml',
    );
    expect(publishedService('X_Unknown', 'urn:broadband-forum-org:tr-140-1-3-1')).to.equal(undefined);
  });
});
