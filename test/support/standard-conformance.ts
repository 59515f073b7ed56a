import type { DataModel } from '../../src/datamodel/data-model.ts';
import type { NotificationRule, ObjectNode, ParameterNode } from '../../src/datamodel/node.ts';
import type { SupportedObject } from '../../src/device2/device-type/describe-model.ts';
import { standardPath } from './data-model-xml.ts';
import type { StandardModel, StandardObject, StandardParameter, StandardProfile } from './data-model-xml.ts';

const NOTIFY: Readonly<Record<NotificationRule, string>> = {
  normal: 'normal',
  forced: 'forceEnabled',
  forcedDefault: 'forceDefaultEnabled',
  canDeny: 'canDeny',
};

/** What is compared of a parameter that the daemon itself answers for. */
export function describeActual(parameter: ParameterNode): Readonly<Record<string, unknown>> {
  const { constraint } = parameter;
  return {
    type: parameter.type,
    writable: parameter.writable,
    hidden: parameter.hidden,
    forcedInform: parameter.forcedInform,
    activeNotify: NOTIFY[parameter.notification],
    list: constraint?.list ?? false,
    minLength: constraint?.minLength,
    maxLength: constraint?.maxLength,
    ranges: constraint?.ranges ?? [],
    enumeration: constraint?.enumeration ?? [],
    pattern: constraint?.pattern?.source ?? '',
  };
}

/** Several patterns of a standard are alternatives: here they are one. */
export function describeStandard(parameter: StandardParameter): Readonly<Record<string, unknown>> {
  const { type, writable, hidden, forcedInform, activeNotify, list, ranges, enumeration } = parameter;
  const { minLength, maxLength, patterns } = parameter;
  const pattern = patterns.join('|');
  return {
    type,
    writable,
    hidden,
    forcedInform,
    activeNotify,
    list,
    minLength,
    maxLength,
    ranges,
    enumeration,
    pattern,
  };
}

/** The published models of a root object and its services, as one. */
export class PublishedModels {
  readonly #root: StandardModel;
  readonly #services: readonly StandardModel[];

  constructor(root: StandardModel, services: readonly StandardModel[]) {
    this.#root = root;
    this.#services = services;
  }

  parameter(path: string): StandardParameter | undefined {
    return this.#find(path, ({ parameters }, name) => parameters.get(name));
  }

  object(path: string): StandardObject | undefined {
    return this.#find(path, ({ objects }, name) => objects.get(name));
  }

  #find<T>(path: string, look: (model: StandardModel, name: string) => T | undefined): T | undefined {
    const service = /^[^.]+\.Services\.(.+)$/.exec(path)?.[1];
    if (service === undefined) return look(this.#root, path);
    for (const model of this.#services) {
      const found = look(model, service);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** How many there are of a Service Object: no document of a root says so. */
const SERVICE_COUNTER = /^[^.]+\.Services\.[A-Za-z0-9]+NumberOfEntries$/;

const SERVICE = /^[^.]+\.Services\./;

/** Everything in which a model differs from what was published, one line each; vendor parts are by definition unlike it. */
export function deviations(model: DataModel, published: PublishedModels): string[] {
  const found: string[] = [];
  const visit = (object: ObjectNode): void => {
    found.push(...objectDeviations(object, published));
    for (const child of object.children.values()) {
      if (child.name.startsWith('X_')) continue;
      if (child.kind === 'object') visit(child);
      else if (!SERVICE_COUNTER.test(child.path)) found.push(...parameterDeviations(child, published));
    }
  };
  visit(model.root);
  return [...new Set(found)];
}

/** The parameters that the daemon itself answers for, vendor parts left out. */
export function localNodes(model: DataModel): readonly ParameterNode[] {
  return model.parametersBelow('').filter((node) => isLocal(node) && !/\.X_/.test(node.path));
}

function isLocal({ provider, handle }: ParameterNode): boolean {
  return !provider.remote && handle === undefined;
}

function objectDeviations(object: ObjectNode, published: PublishedModels): string[] {
  const isTable = object.table;
  const path = standardPath(isTable ? `${object.path}1.` : object.path);
  const standard = published.object(path);
  if (standard === undefined) return [`${path}: is not published`];
  if (standard.status === 'deleted' && object.provider?.remote !== true) return [`${path}: is deleted`];
  // An object that a device answers for may allow less than its standard.
  const isWrong =
    standard.writable !== object.writable && (object.writable || object.provider?.remote !== true);
  return isTable && isWrong ? [`${path}: ${object.writable ? 'takes' : 'takes no'} rows`] : [];
}

function parameterDeviations(parameter: ParameterNode, published: PublishedModels): string[] {
  const path = standardPath(parameter.path);
  const standard = published.parameter(path);
  if (standard === undefined) return [`${path}: is not published`];
  const isOurs = isLocal(parameter);
  // A device may be older than the model that we compare with.
  if (standard.status === 'deleted' && isOurs) return [`${path}: is deleted`];
  const [actual, wanted] = [describeActual(parameter), describeStandard(standard)];
  return Object.keys(wanted).flatMap((what) => {
    // The values that a device takes are its own affair; what it may not allow are writes.
    if (!isOurs && what !== 'type' && !(what === 'writable' && actual[what] === true)) return [];
    // Whoever may refuse notification need not: rows of services take it for their names.
    if (what === 'activeNotify' && SERVICE.test(path) && parameter.name === 'Alias') return [];
    const [is, shall] = [text(actual[what]), text(wanted[what])];
    return is === shall ? [] : [`${path}: ${what} is ${is}, not ${shall}`];
  });
}

/** What a supported data model lacks of a profile, each with what the profile wants; empty: the profile holds. */
export function lackingOf(
  profile: StandardProfile,
  profiles: ReadonlyMap<string, StandardProfile>,
  supported: ReadonlyMap<string, SupportedObject>,
): string[] {
  const included = profile.includes.flatMap((name) => {
    const other = profiles.get(name);
    return other === undefined ? [`profile ${name}`] : lackingOf(other, profiles, supported);
  });
  const own = profile.requirements
    .filter(({ path, access }) => !isMet(path, access, supported))
    .map(({ path, access }) => `${path} ${access}`);
  return [...new Set([...included, ...own])];
}

function isMet(path: string, access: string, supported: ReadonlyMap<string, SupportedObject>): boolean {
  if (path.endsWith('.')) {
    const object = supported.get(path);
    const mayCreate = !/create/i.test(access) || object?.create === true;
    return object !== undefined && mayCreate && (!/delete/i.test(access) || object.remove);
  }
  const [, objectPath = '', name = ''] = /^(.*\.)([^.]+)$/.exec(path) ?? [];
  const parameter = supported.get(objectPath)?.parameters.get(name);
  return parameter !== undefined && (access !== 'readWrite' || parameter.writable);
}

function text(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? 'none'
  );
}
