import { ModelError } from '../../datamodel/model-error.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import type { ApplyStatus, Provider, ReadOutcome } from '../../datamodel/provider.ts';

/** Values that follow from the mapping and never change while their parameter exists. */
export class ConstantProvider implements Provider {
  readonly name = 'constants';
  readonly remote = false;
  readonly #values = new Map<string, string>();

  set(path: string, value: string): void {
    this.#values.set(path, value);
  }

  read(parameters: readonly ParameterNode[]): readonly ReadOutcome[] {
    return parameters.map(
      ({ path }) => this.#values.get(path) ?? new ModelError('internal', 'no value is known', path),
    );
  }

  apply(): Promise<ApplyStatus> {
    return Promise.reject(new ModelError('readOnly', 'the parameter cannot be written'));
  }
}
