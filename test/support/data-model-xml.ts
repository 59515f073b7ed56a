import { existsSync, readFileSync } from 'node:fs';
import type { ValueType } from '../../src/datamodel/value.ts';
import { XmlParser } from '../../src/platform/xml/xml-parser.ts';
import type { XmlAttribute } from '../../src/platform/xml/xml-parser.ts';

/** The facets that a Broadband Forum data model declares for one type. */
export interface StandardSyntax {
  type: ValueType;
  /** A comma-separated list: `maxLength` is the list's, the other facets are those of its items. */
  list: boolean;
  minLength?: number;
  maxLength?: number;
  ranges: { min?: bigint; max?: bigint }[];
  enumeration: string[];
  patterns: string[];
}

export interface StandardParameter extends StandardSyntax {
  /** With `{i}` for instance numbers. */
  path: string;
  writable: boolean;
  hidden: boolean;
  forcedInform: boolean;
  /** `normal`, `forceEnabled`, `forceDefaultEnabled` or `canDeny`. */
  activeNotify: string;
  version: string | undefined;
  /** `deprecated`, `obsoleted` or `deleted`; undefined: in use. */
  status: string | undefined;
}

export interface StandardObject {
  path: string;
  /** For a table: rows can be added and deleted. */
  writable: boolean;
  table: boolean;
  version: string | undefined;
  /** As of StandardParameter. */
  status: string | undefined;
}

/** What a profile demands of an object or parameter. */
export interface ProfileRequirement {
  /** Of an object with final dot, with `{i}` for instance numbers. */
  path: string;
  /** `present`, `create`, `delete`, `createDelete`; of parameters `readOnly`, `readWrite`. */
  access: string;
}

export interface StandardProfile {
  name: string;
  status: string | undefined;
  /** What those demand is demanded too. */
  includes: string[];
  requirements: ProfileRequirement[];
}

/** What a data model document says, by path. Services start with their own name: `VoiceService.{i}.`. */
export interface StandardModel {
  objects: ReadonlyMap<string, StandardObject>;
  parameters: ReadonlyMap<string, StandardParameter>;
  profiles: ReadonlyMap<string, StandardProfile>;
}

const FOLDER = new URL('../../../shared/bbf/', import.meta.url);

/** `decimal` has no xsi:type of its own in CWMP 1.0 to 1.2: it travels as a string. */
const PRIMITIVES: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ['string', 'string'],
  ['int', 'int'],
  ['unsignedInt', 'unsignedInt'],
  ['long', 'long'],
  ['unsignedLong', 'unsignedLong'],
  ['boolean', 'boolean'],
  ['dateTime', 'dateTime'],
  ['base64', 'base64'],
  ['hexBinary', 'hexBinary'],
  ['decimal', 'string'],
]);

/**
 * Reads one data model document of ../shared/bbf (a test aid only: nothing there is part of the project). Undefined when it is
 * not there: skip then, with a word. Data types are looked up in the document itself and in `tr-106-types.xml`.
 */
export function readDataModelXml(fileName: string): StandardModel | undefined {
  const url = new URL(fileName, FOLDER);
  if (!existsSync(url)) return undefined;
  const types = new Map<string, StandardSyntax>();
  const common = new URL('tr-106-types.xml', FOLDER);
  if (existsSync(common)) new DataModelReader(types).read(readFileSync(common, 'utf8'));
  const reader = new DataModelReader(types);
  reader.read(readFileSync(url, 'utf8'));
  return reader.model();
}

/** The parameter that an actual path such as `Device.A.1.B` stands for: instance numbers become `{i}`. */
export function standardPath(path: string): string {
  return path.replace(/\.[0-9]+(?=\.)/g, '.{i}');
}

class DataModelReader {
  readonly #types: Map<string, StandardSyntax>;
  readonly #objects = new Map<string, StandardObject>();
  readonly #parameters = new Map<string, { parameter: StandardParameter; reference: string | undefined }>();
  readonly #profiles = new Map<string, StandardProfile>();
  #profile: StandardProfile | undefined;
  #profileObject = '';
  readonly #open: string[] = [];
  #object: StandardObject | undefined;
  #parameter: StandardParameter | undefined;
  #typeName: string | undefined;
  #syntax: StandardSyntax | undefined;
  #reference: string | undefined;

  constructor(types: Map<string, StandardSyntax>) {
    this.#types = types;
  }

  read(document: string): void {
    const parser = new XmlParser({
      open: (_uri, local, attributes) => this.#start(local, attributesOf(attributes)),
      text: () => undefined,
      close: (_uri, local) => this.#end(local),
    });
    parser.write(expandDoctype(document));
    parser.close();
  }

  model(): StandardModel {
    const parameters = new Map<string, StandardParameter>();
    for (const [path, { parameter, reference }] of this.#parameters) {
      const base = reference === undefined ? undefined : this.#types.get(reference);
      parameters.set(
        path,
        base === undefined ? parameter : { ...parameter, ...mergeSyntax(base, parameter) },
      );
    }
    return { objects: this.#objects, parameters, profiles: this.#profiles };
  }

  #start(local: string, attributes: ReadonlyMap<string, string>): void {
    this.#open.push(local);
    const name = attributes.get('name');
    const writable = /^(?:readWrite|writeOnceReadOnly)$/.test(attributes.get('access') ?? '');
    const [version, status] = [attributes.get('version'), attributes.get('status')];
    if (this.#profile !== undefined || local === 'profile') this.#startInProfile(local, attributes);
    else if (local === 'object' && name !== undefined) {
      this.#object = { path: name, writable, table: name.endsWith('{i}.'), version, status };
      this.#objects.set(name, this.#object);
    } else if (local === 'parameter' && name !== undefined && this.#object !== undefined) {
      this.#parameter = {
        ...emptySyntax(),
        path: this.#object.path + name,
        writable,
        hidden: false,
        forcedInform: attributes.get('forcedInform') === 'true',
        activeNotify: attributes.get('activeNotify') ?? 'normal',
        version,
        status,
      };
      this.#begin(this.#parameter);
    } else if (local === 'dataType' && name !== undefined && this.#open.length === 2) {
      this.#typeName = name;
      this.#begin(emptySyntax());
      this.#reference = attributes.get('base');
    } else if (this.#syntax !== undefined) {
      this.#facet(this.#syntax, local, attributes);
    }
  }

  #startInProfile(local: string, attributes: ReadonlyMap<string, string>): void {
    const words = (name: string): string[] => (attributes.get(name) ?? '').split(/\s+/).filter(Boolean);
    if (local === 'profile') {
      this.#profile = {
        name: attributes.get('name') ?? '',
        status: attributes.get('status'),
        includes: [...words('base'), ...words('extends')],
        requirements: [],
      };
      this.#profiles.set(this.#profile.name, this.#profile);
      return;
    }
    const [ref, access] = [attributes.get('ref'), attributes.get('requirement') ?? 'present'];
    if (ref === undefined) return;
    if (local === 'object') this.#profileObject = ref;
    if (local === 'object' || local === 'parameter')
      this.#profile?.requirements.push({
        path: local === 'object' ? ref : this.#profileObject + ref,
        access,
      });
  }

  #begin(syntax: StandardSyntax): void {
    this.#syntax = syntax;
    this.#reference = undefined;
  }

  #facet(syntax: StandardSyntax, local: string, attributes: ReadonlyMap<string, string>): void {
    const value = attributes.get('value');
    const primitive = PRIMITIVES.get(local);
    if (primitive !== undefined) syntax.type = primitive;
    else if (local === 'dataType') this.#reference = attributes.get('ref') ?? attributes.get('base');
    else if (local === 'list') syntax.list = true;
    else if (local === 'syntax' && this.#parameter !== undefined) {
      this.#parameter.hidden = attributes.get('hidden') === 'true';
    } else if (local === 'size' && syntax.list === (this.#open.at(-2) === 'list'))
      setSize(syntax, attributes);
    else if (local === 'range') syntax.ranges.push(rangeOf(attributes));
    else if (local === 'enumeration' && value !== undefined && attributes.get('status') !== 'deleted')
      syntax.enumeration.push(value);
    else if (local === 'pattern' && value !== undefined) syntax.patterns.push(value);
  }

  #end(local: string): void {
    this.#open.pop();
    if (local === 'profile') this.#profile = undefined;
    else if (this.#profile !== undefined) return;
    else if (local === 'object') this.#object = undefined;
    else if (local === 'parameter' && this.#parameter !== undefined) {
      this.#parameters.set(this.#parameter.path, { parameter: this.#parameter, reference: this.#reference });
      this.#parameter = undefined;
      this.#syntax = undefined;
    } else if (local === 'dataType' && this.#typeName !== undefined && this.#open.length === 1) {
      const base = this.#reference === undefined ? undefined : this.#types.get(this.#reference);
      const own = this.#syntax ?? emptySyntax();
      this.#types.set(this.#typeName, base === undefined ? own : mergeSyntax(base, own));
      this.#typeName = undefined;
      this.#syntax = undefined;
    }
  }
}

/** Our parser takes no DTD; tr-106-types.xml declares a few pieces of patterns in one. */
function expandDoctype(document: string): string {
  const start = document.indexOf('<!DOCTYPE');
  const end = document.indexOf(']>', start);
  if (start === -1 || end === -1) return document;
  let body = document.slice(0, start) + document.slice(end + 2);
  for (const [, name, text] of document.slice(start, end).matchAll(/<!ENTITY\s+(\w+)\s+"([^"]*)">/g)) {
    body = body.replaceAll(`&${name};`, text ?? '');
  }
  return body;
}

function attributesOf(attributes: readonly XmlAttribute[]): ReadonlyMap<string, string> {
  return new Map(attributes.filter(({ uri }) => uri === '').map(({ local, value }) => [local, value]));
}

function emptySyntax(): StandardSyntax {
  return { type: 'string', list: false, ranges: [], enumeration: [], patterns: [] };
}

/** A type that is derived from another has its primitive type, and its facets where it declares none itself. */
function mergeSyntax(base: StandardSyntax, own: StandardSyntax): StandardSyntax {
  const minLength = own.minLength ?? (own.list ? undefined : base.minLength);
  const maxLength = own.maxLength ?? (own.list ? undefined : base.maxLength);
  return {
    type: base.type,
    list: own.list || base.list,
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ranges: own.ranges.length > 0 ? own.ranges : base.ranges,
    enumeration: own.enumeration.length > 0 ? own.enumeration : base.enumeration,
    patterns: own.patterns.length > 0 ? own.patterns : base.patterns,
  };
}

function setSize(syntax: StandardSyntax, attributes: ReadonlyMap<string, string>): void {
  const minLength = attributes.get('minLength');
  const maxLength = attributes.get('maxLength');
  if (minLength !== undefined) syntax.minLength = Number(minLength);
  if (maxLength !== undefined) syntax.maxLength = Number(maxLength);
}

function rangeOf(attributes: ReadonlyMap<string, string>): { min?: bigint; max?: bigint } {
  const min = integerOf(attributes.get('minInclusive'));
  const max = integerOf(attributes.get('maxInclusive'));
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** Ranges of `decimal` are not whole: they are left out. */
function integerOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[+-]?[0-9]+$/.test(text) ? BigInt(text) : undefined;
}
