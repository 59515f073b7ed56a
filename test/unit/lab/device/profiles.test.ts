import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLabDevice } from '../../../../src/lab/device/lab-device.ts';
import { BUILT_IN_PROFILES, loadProfile } from '../../../../src/lab/device/profile.ts';
import type { NodeSchema } from '../../../../src/lab/device/schema.ts';
import { BMS_TABLE, CMS_TABLE, writeScpd } from '../../../../src/lab/device/service-table.ts';
import { readXml, type LabElement } from '../../../../src/lab/xml.ts';
import { FIXTURE_PROFILE } from './fixture-device.ts';
import { readDataModelXml, type StandardModel } from '../../../support/data-model-xml.ts';

interface Found {
  readonly path: string;
  readonly schema: NodeSchema;
}

/** Every node below a prefix, as the Broadband Forum writes its path. */
function* nodesOf(schema: NodeSchema, path: string): Generator<Found> {
  yield { path, schema };
  if (schema.kind === 'table') yield* nodesOf(schema.row, `${path}{i}.`);
  if (schema.kind === 'object') {
    for (const [name, child] of schema.children) {
      yield* nodesOf(child, `${path}${name}${child.kind === 'leaf' ? '' : '.'}`);
    }
  }
}

function problemsOf(model: StandardModel, { path, schema }: Found): string[] {
  if (schema.kind === 'table') {
    const standard = model.objects.get(`${path}{i}.`);
    if (standard === undefined) return [`${path}{i}. does not exist`];
    return schema.creatable && !standard.writable ? [`${path}{i}. cannot be created`] : [];
  }
  if (schema.kind === 'object')
    return path === '' || model.objects.has(path) ? [] : [`${path} does not exist`];
  const standard = model.parameters.get(path);
  if (standard === undefined) return [`${path} does not exist`];
  const problems: string[] = [];
  if (standard.type !== schema.type.base) problems.push(`${path} is ${standard.type}`);
  if (schema.writable && !standard.writable) problems.push(`${path} is read-only`);
  if (standard.maxLength !== undefined && (schema.type.maxLength ?? 0) > standard.maxLength) {
    problems.push(`${path} is at most ${standard.maxLength} long`);
  }
  const unknown = (schema.type.allowed ?? []).filter((value) => !standard.enumeration.includes(value));
  if (standard.enumeration.length > 0 && unknown.length > 0)
    problems.push(`${path} cannot be ${unknown.join()}`);
  return problems;
}

const MODELS = [
  { profile: 'voip', file: 'tr-104-2-0-2-cwmp-full.xml', root: '' },
  { profile: 'nas', file: 'tr-140-1-3-1-cwmp-full.xml', root: '' },
  { profile: 'wifi', file: 'tr-181-2-17-0-cwmp-full.xml', root: 'Device.' },
] as const;

describe('lab device: profiles', () => {
  for (const name of BUILT_IN_PROFILES) {
    it(`${name} can be built, and has the identity of its description in its tree`, () => {
      const device = createLabDevice({ profile: name, identity: { serialNumber: 'X1' } });
      expect(device.get('/UPnP/DM/DeviceInfo/PhysicalDevice/DeviceID/SerialNumber')).to.equal('X1');
      expect(device.list().size).to.be.greaterThan(40);
    });
  }

  for (const { profile, file, root } of MODELS) {
    it(`${profile} keeps to ${file}`, function () {
      const model = readDataModelXml(file);
      if (model === undefined) this.skip();
      const bbf = loadProfile(profile).root.children.get('BBF');
      if (bbf === undefined) throw new Error('no BBF tree');
      const problems = Array.from(nodesOf(bbf, root))
        // A service's own table has no counter in its model: the device that holds it has.
        .filter(({ path }) => !/^(VoiceService|StorageService)NumberOfEntries$/.test(path))
        .flatMap((found) => problemsOf(model, found));
      expect(problems).to.deep.equal([]);
    }).timeout(60_000);
  }

  it('refuses a file with a mistake, naming the place', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lab-profile-'));
    const file = join(folder, 'bad.yaml');
    const good = readFileSync(FIXTURE_PROFILE, 'utf8');
    const mistakes: readonly (readonly [string, string, string])[] = [
      ['[1:165]', '[1:5]', 'bad.yaml: tree.X_LAB.Watched: Invalid Value'],
      ['hidden:', 'hiden:', 'bad.yaml: tree.X_LAB.Secret: unknown key "hiden"'],
      ['type: int,', 'type: integer,', 'bad.yaml: tree.X_LAB.Later: "integer" is not a type'],
      ['productClass: EX', 'productKlasse: EX', 'bad.yaml.identity: unknown key "productKlasse"'],
    ];
    try {
      for (const [before, after, message] of mistakes) {
        writeFileSync(file, good.replace(before, after));
        expect(() => loadProfile(file)).to.throw(message);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** An SCPD in a form that can be compared: actions with their arguments, variables with type and eventing. */
function summary(scpd: string): { actions: Map<string, string>; variables: Map<string, string> } {
  const root = readXml(scpd);
  const child = (parent: LabElement | undefined, name: string): LabElement | undefined =>
    parent?.children.find((element) => element.name === name);
  const text = (parent: LabElement, name: string): string => child(parent, name)?.text.trim() ?? '';
  const actions = new Map<string, string>();
  for (const action of child(root, 'actionList')?.children ?? []) {
    const parameters = (child(action, 'argumentList')?.children ?? []).map((argument) =>
      ['name', 'direction', 'relatedStateVariable'].map((field) => text(argument, field)).join(' '),
    );
    actions.set(text(action, 'name'), parameters.join(', '));
  }
  const variables = new Map<string, string>();
  for (const variable of child(root, 'serviceStateTable')?.children ?? []) {
    const allowed = child(variable, 'allowedValueList')?.children.map((value) => value.text) ?? [];
    variables.set(text(variable, 'name'), `${text(variable, 'dataType')} ${allowed.join()}`);
  }
  return { actions, variables };
}

describe('lab device: service descriptions', () => {
  for (const table of [CMS_TABLE, BMS_TABLE]) {
    const file = new URL(
      `../../../../../shared/upnp/scpd/${table.name}${table.version}.xml`,
      import.meta.url,
    );
    it(`${table.name} is a part of the published one`, function () {
      if (!existsSync(file)) this.skip();
      const published = readFileSync(file, 'utf8');
      const standard = summary(published);
      const own = summary(writeScpd(table));
      for (const [name, parameters] of own.actions)
        expect(standard.actions.get(name), name).to.equal(parameters);
      for (const [name, type] of own.variables) expect(standard.variables.get(name), name).to.equal(type);
      const evented = [...published.matchAll(/sendEvents="yes"><name>(\w+)/g)].map((match) => match[1]);
      for (const [name, variable] of Object.entries(table.variables)) {
        expect(evented.includes(name), name).to.equal(variable.eventEveryMs !== undefined);
      }
    });
  }
});
