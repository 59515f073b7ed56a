import { ROW_NAME, type SupportedBeyondModel } from './describe-model.ts';
import { publishedService, type PublishedModel } from './published-model.ts';

/** An object of a Service Object, as the document of that Service Object names it. */
export interface ServiceObject {
  /** Refs of all objects of the same document begin with it. */
  readonly scope: string;
  readonly ref: string;
  readonly published: PublishedModel;
}

/** A row of a Service Object; in refs a name stands for its number. */
const ROW = /^([^.]+\.Services\.)([^.]+)\.(\d+|\{[^}]*\})\./;

/**
 * Tells rows of one Service Object apart whose devices state unlike versions of its model: each version is a model of its own, with a
 * document of its own. In refs the name of the model, in braces, stands for the instance number of such a row.
 */
export class ServiceVariants {
  readonly #serviceUris: (rowPath: string) => readonly string[];
  /** By path of the row. */
  readonly #names = new Map<string, string>();
  /** By name of the row. */
  readonly #published = new Map<string, PublishedModel>();

  /** @param serviceUris URIs of the service models as the device of that row names them */
  constructor(serviceUris: (rowPath: string) => readonly string[]) {
    this.#serviceUris = serviceUris;
  }

  /** Devices may have changed what they state. */
  refresh(): void {
    this.#names.clear();
  }

  /** What stands for the instance number of a row in refs. */
  readonly rowName = (rowPath: string): string => {
    const [row, , objectName] = ROW.exec(rowPath) ?? [];
    if (objectName === undefined || row !== rowPath) return ROW_NAME;
    let name = this.#names.get(rowPath);
    if (name === undefined) {
      name = this.#nameOf(objectName, rowPath);
      this.#names.set(rowPath, name);
    }
    return name;
  };

  /** Undefined: the object of that ref is none of a published Service Object. */
  objectAt(ref: string): ServiceObject | undefined {
    const [scope, , objectName = '', name = ''] = ROW.exec(ref) ?? [];
    const published = this.#published.get(name);
    if (scope === undefined || published === undefined) return undefined;
    return { scope, ref: `${objectName}.${ROW_NAME}.${ref.slice(scope.length)}`, published };
  }

  /** The refs of what is supported beyond the model, as those of the model are. */
  beyond({ objects, parameters }: SupportedBeyondModel): SupportedBeyondModel {
    return {
      objects: objects.map((object) => ({ ...object, ref: this.#named(object.ref) })),
      parameters: parameters.map((parameter) => ({
        ...parameter,
        objectRef: this.#named(parameter.objectRef),
      })),
    };
  }

  #named(ref: string): string {
    return ref.replace(
      ROW,
      (row, services: string, objectName: string) => `${services}${objectName}.${this.rowName(row)}.`,
    );
  }

  #nameOf(objectName: string, rowPath: string): string {
    const number = /tr-(\d{3})/.exec(publishedService(objectName, undefined)?.spec ?? '')?.[1];
    const uri = this.#serviceUris(rowPath).find((candidate) => candidate.includes(`tr-${number}`));
    const published = publishedService(objectName, uri);
    if (published === undefined) return ROW_NAME;
    const name = `{${published.name}}`;
    this.#published.set(name, published);
    return name;
  }
}
