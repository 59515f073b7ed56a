import type { DataModel } from '../datamodel/data-model.ts';
import { ModelError, TransactionError } from '../datamodel/model-error.ts';
import type { ParameterNode, ParameterOptions } from '../datamodel/node.ts';
import type { ApplyStatus, Change, Provider, ReadOutcome } from '../datamodel/provider.ts';

/** What the standard says about a parameter: everything but where its value comes from. */
export type ParameterSchema = Omit<ParameterOptions, 'provider' | 'handle'>;

/** A parameter whose value this process holds. */
export interface LocalParameter extends ParameterSchema {
  /** Canonical lexical form. A hidden parameter gives its true value: the model hides it. */
  readonly get: () => string;
  /** Takes a checked value; resolves when it is durable. Needed where `writable`. */
  readonly set?: (value: string) => Promise<void> | void;
  /** Why `value` cannot be taken though type and constraint hold, without repeating it; undefined when it can. */
  readonly check?: (value: string) => string | undefined;
}

/** Answers for the parameters of an endpoint that are served by this process. One instance serves all local objects of a model. */
export class LocalProvider implements Provider {
  readonly name = 'local objects';
  readonly remote = false;
  readonly #model: DataModel;
  readonly #definitions = new WeakMap<ParameterNode, LocalParameter>();

  constructor(model: DataModel) {
    this.#model = model;
  }

  /** Adds parameters, by name, to the object at `objectPath` (which is made when it does not exist). */
  add(objectPath: string, parameters: Readonly<Record<string, LocalParameter>>): void {
    this.#model.addObject(objectPath);
    for (const [name, definition] of Object.entries(parameters)) {
      const writable = definition.writable === true;
      if (writable !== (definition.set !== undefined)) {
        throw new Error(`${objectPath}${name}: writable and set belong together`);
      }
      const node = this.#model.addParameter(objectPath + name, { ...definition, provider: this });
      this.#definitions.set(node, definition);
    }
  }

  /** These parameters of the object may have other values now than they had. */
  valuesChanged(objectPath: string, names: readonly string[]): void {
    const changes = names.flatMap((name) => {
      const parameter = this.#model.find(objectPath + name);
      if (parameter?.kind !== 'parameter') return [];
      return [{ parameter, value: parameter.hidden ? '' : this.#definitionOf(parameter).get() }];
    });
    this.#model.reportValueChanges(changes);
  }

  read(parameters: readonly ParameterNode[]): readonly ReadOutcome[] {
    return parameters.map((parameter) => {
      try {
        return this.#definitionOf(parameter).get();
      } catch (error) {
        return new ModelError('internal', 'the value is not available', parameter.path, { cause: error });
      }
    });
  }

  check(changes: readonly Change[]): readonly ModelError[] {
    return changes.flatMap(({ parameter, value }) => {
      const problem = this.#definitionOf(parameter).check?.(value);
      return problem === undefined ? [] : [new ModelError('invalidValue', problem, parameter.path)];
    });
  }

  /** All setters are called before any is awaited, so that what goes to one store is one commit. */
  async apply(changes: readonly Change[]): Promise<ApplyStatus> {
    const previous = changes.map(({ parameter }) => ({
      parameter,
      value: this.#definitionOf(parameter).get(),
    }));
    const results = await this.#set(changes);
    const failed = results.flatMap((result, index) => {
      const path = changes[index]?.parameter.path;
      if (result.status === 'fulfilled') return [];
      return [new ModelError('internal', 'the value could not be stored', path, { cause: result.reason })];
    });
    if (failed.length === 0) return 'applied';
    const restored = await this.#set(previous.filter((_, index) => results[index]?.status === 'fulfilled'));
    const lost = restored.filter(({ status }) => status === 'rejected').length;
    if (lost > 0) {
      failed.push(new ModelError('internal', `${lost} parameters keep the new value: restoring them failed`));
    }
    throw new TransactionError(failed);
  }

  #set(changes: readonly Change[]): Promise<PromiseSettledResult<void>[]> {
    return Promise.allSettled(
      changes.map(async ({ parameter, value }) => {
        await this.#definitionOf(parameter).set?.(value);
      }),
    );
  }

  #definitionOf(parameter: ParameterNode): LocalParameter {
    const definition = this.#definitions.get(parameter);
    if (definition === undefined) throw new Error(`${parameter.path} is not a local parameter`);
    return definition;
  }
}
