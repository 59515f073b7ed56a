import { structurePathOf, type PathMapping } from './path-mapping.ts';

/** How the device writes a path in a value, so that a write goes back in the same form. */
export type ReferenceStyle = 'absolute' | 'relative';

/**
 * Translates values that are paths. CMS does not flag references, so a value counts as one only if it names a table, row or
 * leaf that the device's own structure has (`/`, and objects such as `/UPnP/DM/`, may be places in a file system): `/BBF/WiFi/SSID/0/` becomes `Device.WiFi.SSID.1` [CMS:2 Appendix C rule 8,
 * TR-106 3.2.4: no final dot in a value]. Lists are translated when every item is a reference.
 */
export class ReferenceTranslator {
  readonly #paths: PathMapping;
  /** StructurePaths of every leaf, object, table (`/A/`) and row (`/A/#/`). */
  readonly #structure: ReadonlySet<string>;

  constructor(paths: PathMapping, structure: ReadonlySet<string>) {
    this.#paths = paths;
    this.#structure = structure;
  }

  /** The value for the ACS: translated if it is a reference (or a list of them), else as it is. */
  toDataModel(value: string): string {
    if (!value.includes('/')) return value;
    return mapItems(value, (item) => this.#itemToDataModel(item)) ?? value;
  }

  /**
   * The value for the device: translated if it names something of this device's model, else as it is.
   * @param style how the device itself writes this parameter
   */
  toCms(value: string, style: ReferenceStyle = 'absolute'): string {
    if (!value.startsWith(`${this.#paths.root}.`)) return value;
    return mapItems(value, (item) => this.#itemToCms(item, style)) ?? value;
  }

  /** The style of a value that the device sent; `absolute` if it is no reference. */
  styleOf(value: string): ReferenceStyle {
    const first = value.split(',')[0]?.trim() ?? '';
    return first !== '' && !first.startsWith('/') && this.#resolve(first) !== undefined
      ? 'relative'
      : 'absolute';
  }

  #itemToDataModel(item: string): string | undefined {
    const cmsPath = this.#resolve(item);
    if (cmsPath === undefined) return undefined;
    try {
      return this.#paths.referredPath(cmsPath).replace(/\.$/, '');
    } catch {
      return undefined;
    }
  }

  /** The absolute CMS path that `item` names, or undefined when the structure has no such thing. */
  #resolve(item: string): string | undefined {
    if (item.startsWith('/')) return this.#known(item);
    // Without a slash at the end a relative path cannot be told from text such as "a/b".
    if (!item.endsWith('/')) return undefined;
    for (const location of this.#paths.mountLocations) {
      const found = this.#known(location + item);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #known(cmsPath: string): string | undefined {
    if (this.#isReferable(cmsPath)) return cmsPath;
    const asObject = `${cmsPath}/`;
    return !cmsPath.endsWith('/') && this.#isReferable(asObject) ? asObject : undefined;
  }

  #isReferable(cmsPath: string): boolean {
    const path = structurePathOf(cmsPath);
    if (!path.endsWith('/') || path.endsWith('/#/')) return this.#structure.has(path);
    return this.#structure.has(`${path}#/`);
  }

  #itemToCms(item: string, style: ReferenceStyle): string | undefined {
    const withoutDot = item.replace(/\.$/, '');
    for (const candidate of [withoutDot, `${withoutDot}.`]) {
      const cmsPath = this.#paths.cmsPath(candidate, (path) => this.#isReferable(path));
      if (cmsPath === undefined) continue;
      if (style === 'absolute') return cmsPath;
      const location = this.#paths.mountLocations.find((mount) => cmsPath.startsWith(mount));
      return location === undefined ? cmsPath : cmsPath.slice(location.length);
    }
    return undefined;
  }
}

function mapItems(value: string, map: (item: string) => string | undefined): string | undefined {
  const items: string[] = [];
  for (const item of value.split(',')) {
    const mapped = map(item.trim());
    if (mapped === undefined) return undefined;
    items.push(mapped);
  }
  return items.join(',');
}
