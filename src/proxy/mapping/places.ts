import { isPathName, LONGEST_PATH } from '../../datamodel/path.ts';

/**
 * Which paths of the data model are free for a device. A device may name its parameters as it likes: what does not fit beside the
 * daemon's own objects, or beside other parameters of the device, must be found here and not while the model is changed.
 */
export class Places {
  readonly #isTaken: (path: string) => boolean;
  readonly #given: ReadonlySet<string>;
  /** Objects that hold the device's nodes, or could; false: nothing of the device can be there. */
  readonly #objects = new Map<string, boolean>();
  readonly #parameters = new Set<string>();

  /**
   * @param given objects that are the device's to fill, wherever they are
   * @param isTaken whether the daemon itself has something at a path (an object's ends with a dot) that bars the device from it
   */
  constructor(given: Iterable<string>, isTaken: (path: string) => boolean) {
    this.#isTaken = isTaken;
    this.#given = new Set(given);
    for (const path of this.#given) this.#objects.set(path, true);
  }

  /** Takes the place of a parameter. @returns false when it is not free */
  takeParameter(path: string): boolean {
    const end = path.lastIndexOf('.') + 1;
    if (!isPathName(path.slice(end)) || path.length > LONGEST_PATH) return false;
    if (this.#parameters.has(path) || this.#objects.get(`${path}.`) === true || this.#isTaken(path))
      return false;
    if (!this.takeObject(path.slice(0, end))) return false;
    this.#parameters.add(path);
    return true;
  }

  /**
   * Takes the place of a table or row.
   * @returns false when it cannot be there, or another kind of object is there: the root, or one with parameters of the daemon
   */
  takeWhole(path: string): boolean {
    return !this.#given.has(path) && !this.#isTaken(path.slice(0, -1)) && this.takeObject(path);
  }

  /** Takes the place of an object and of those that lead to it. @returns false when it cannot be there */
  takeObject(path: string): boolean {
    const known = this.#objects.get(path);
    if (known !== undefined) return known;
    const free = this.#isFreeForObject(path);
    this.#objects.set(path, free);
    return free;
  }

  #isFreeForObject(path: string): boolean {
    const withoutDot = path.slice(0, -1);
    const start = withoutDot.lastIndexOf('.') + 1;
    if (start === 0 || !isPathName(withoutDot.slice(start)) || path.length > LONGEST_PATH) return false;
    if (this.#parameters.has(withoutDot) || this.#isTaken(path)) return false;
    return this.takeObject(path.slice(0, start));
  }
}
