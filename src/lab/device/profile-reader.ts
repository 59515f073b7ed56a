export type ProfileMap = Readonly<Record<string, unknown>>;

/** A place in a profile file: reads it with errors that name the place. */
export class ProfileReader {
  readonly place: string;
  readonly #content: unknown;

  constructor(place: string, content: unknown) {
    this.place = place;
    this.#content = content;
  }

  /** @throws Error that begins with the place */
  fail(problem: string): never {
    throw new Error(`${this.place}: ${problem}`);
  }

  asMap(): ProfileMap {
    const content = this.#content;
    if (typeof content !== 'object' || content === null || Array.isArray(content)) this.fail('must be a map');
    return Object.fromEntries(Object.entries(content));
  }

  /** The scalar itself. */
  value(): string {
    const content = this.#content;
    return typeof content === 'string' ? content : this.fail('must be a plain value');
  }

  isMap(): boolean {
    return typeof this.#content === 'object' && this.#content !== null && !Array.isArray(this.#content);
  }

  has(key: string): boolean {
    return this.isMap() && this.asMap()[key] !== undefined;
  }

  child(key: string): ProfileReader {
    return new ProfileReader(`${this.place}.${key}`, this.asMap()[key]);
  }

  map(key: string, allowedKeys: readonly string[]): ProfileReader {
    const child = this.child(key);
    child.expectKeys(allowedKeys);
    return child;
  }

  expectKeys(allowed: readonly string[]): void {
    for (const key of Object.keys(this.asMap())) {
      if (!allowed.includes(key)) this.fail(`unknown key "${key}" (allowed: ${allowed.join(', ')})`);
    }
  }

  text(key: string): string {
    return this.child(key).value();
  }

  optionalText(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  list(key: string): readonly ProfileReader[] {
    const content: unknown = this.asMap()[key] ?? [];
    if (!Array.isArray(content)) return this.child(key).fail('must be a list');
    return content.map((entry: unknown, index) => new ProfileReader(`${this.place}.${key}[${index}]`, entry));
  }

  number(key: string): number {
    const value = Number(this.text(key));
    return Number.isFinite(value) ? value : this.child(key).fail('must be a number');
  }

  optionalNumber(key: string): number | undefined {
    return this.has(key) ? this.number(key) : undefined;
  }

  flag(key: string): boolean | undefined {
    const text = this.optionalText(key);
    if (text === undefined) return undefined;
    if (text !== 'true' && text !== 'false') this.child(key).fail('must be true or false');
    return text === 'true';
  }
}
