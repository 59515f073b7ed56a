import { escapeText } from '../../platform/xml/escape.ts';
import type { XmlAttribute } from '../../platform/xml/xml-parser.ts';

// What an element of a CWMP message looks like, said once for both directions: a Shape reads it from parser events (no tree:
// a list may have 10 000 entries) and writes it as text. Names are matched by their local part; unknown elements are skipped.

/** Content that does not fit the shape. The message names elements, never values. */
export class InvalidArgument extends Error {}

/** Reads one element; made when it opens, asked for the value when it closes. */
export interface ElementReader<T> {
  /** Reader for a child element; undefined skips the child. @throws InvalidArgument */
  child(local: string, attributes: readonly XmlAttribute[]): ElementReader<unknown> | undefined;
  /** Value of a child that was not skipped, in document order. */
  accept(local: string, value: unknown): void;
  text(text: string): void;
  /** @throws InvalidArgument */
  end(): T;
}

export interface Shape<T> {
  read(name: string, attributes: readonly XmlAttribute[]): ElementReader<T>;
  /** The whole element. `name` carries its prefix, if any. */
  write(name: string, value: T): string;
  /** The same piece by piece, where it may be long: megabytes of text at once would keep the memory of a small gateway busy. */
  pieces?(name: string, value: T): Iterable<string>;
  /** What an absent element stands for; undefined makes it required. */
  readonly absent?: { readonly value: T };
  /** The element may occur many times in its parent: T is a list, each occurrence yields one item. */
  readonly repeated?: boolean;
}

// ---- simple content

class TextReader<T> implements ElementReader<T> {
  readonly #name: string;
  readonly #parse: (text: string, name: string) => T;
  #text = '';

  constructor(name: string, parse: (text: string, name: string) => T) {
    this.#name = name;
    this.#parse = parse;
  }

  child(): undefined {
    // Text with markup in it was not escaped by its sender: a part of it must not pass for the whole.
    throw new InvalidArgument(`${this.#name} has child elements`);
  }

  accept(): void {}

  text(text: string): void {
    this.#text += text;
  }

  end(): T {
    return this.#parse(this.#text, this.#name);
  }
}

/** An element with text only. `parse` throws InvalidArgument. */
function leaf<T>(parse: (text: string, name: string) => T, format: (value: T) => string): Shape<T> {
  return {
    read: (name) => new TextReader(name, parse),
    write: (name, value) => `<${name}>${format(value)}</${name}>`,
  };
}

function parseInteger(text: string, name: string, min: number, max: number): number {
  const digits = text.trim();
  const value = Number(digits);
  if (!/^[+-]?\d{1,11}$/.test(digits) || value < min || value > max) {
    throw new InvalidArgument(`${name} is not a number from ${min} to ${max}`);
  }
  return value;
}

/** 0, 1, true or false in any case, white space around. @throws InvalidArgument */
export function parseBoolean(text: string, name: string): boolean {
  switch (text.trim().toLowerCase()) {
    case '1':
    case 'true':
      return true;
    case '0':
    case 'false':
      return false;
    default:
      throw new InvalidArgument(`${name} is not a boolean`);
  }
}

/** Text as it is. */
export const text: Shape<string> = leaf((content) => content, escapeText);
/** Text that never begins or ends with white space (names, URLs, dates): indentation is dropped. */
export const token: Shape<string> = leaf((content) => content.trim(), escapeText);
export const unsignedInt: Shape<number> = leaf(
  (content, name) => parseInteger(content, name, 0, 4294967295),
  String,
);
export const int: Shape<number> = leaf(
  (content, name) => parseInteger(content, name, -2147483648, 2147483647),
  String,
);
export const boolean: Shape<boolean> = leaf(parseBoolean, (value) => (value ? '1' : '0'));
/** Status of the CPE's answers: 0 applied, 1 not yet. */
export const status: Shape<0 | 1> = leaf<0 | 1>(
  (content, name) => (parseInteger(content, name, 0, 1) === 0 ? 0 : 1),
  String,
);

/** 256 characters is what TransferComplete allows; other messages state no limit and need none. */
const FAULT_STRING_LENGTH = 256;

/** Our own words: cut to what the schema allows. */
export const faultString: Shape<string> = {
  ...text,
  absent: { value: '' },
  write: (name, value) => text.write(name, value.slice(0, FAULT_STRING_LENGTH)),
};

/** An element that may be missing or empty: both stand for `value`. */
export function optional<T>(shape: Shape<T>, value: T): Shape<T> {
  return {
    read: (name, attributes) => new OptionalReader(shape.read(name, attributes), value),
    write: (name, written) => shape.write(name, written),
    absent: { value },
  };
}

class OptionalReader<T> implements ElementReader<T> {
  readonly #inner: ElementReader<T>;
  readonly #value: T;
  #empty = true;

  constructor(inner: ElementReader<T>, value: T) {
    this.#inner = inner;
    this.#value = value;
  }

  child(local: string, attributes: readonly XmlAttribute[]): ElementReader<unknown> | undefined {
    this.#empty = false;
    return this.#inner.child(local, attributes);
  }

  accept(local: string, value: unknown): void {
    this.#inner.accept(local, value);
  }

  text(content: string): void {
    if (content.trim() !== '') this.#empty = false;
    this.#inner.text(content);
  }

  end(): T {
    return this.#empty ? this.#value : this.#inner.end();
  }
}

/** Text that is '' when the element is missing. */
export const optionalText: Shape<string> = { ...text, absent: { value: '' } };
/** Token that is '' when the element is missing. */
export const optionalToken: Shape<string> = { ...token, absent: { value: '' } };

/** Not written when it is '' (minOccurs="0" in the schema, with a type that '' would not satisfy). */
export function omittedIfEmpty(shape: Shape<string>): Shape<string> {
  return {
    ...shape,
    absent: { value: '' },
    write: (name, value) => (value === '' ? '' : shape.write(name, value)),
  };
}

// ---- structured content

export type Fields<T> = { readonly [K in keyof T]: Shape<T[K]> };

class StructReader<T> implements ElementReader<T> {
  readonly #name: string;
  readonly #fields: ReadonlyMap<string, Shape<unknown>>;
  readonly #build: (values: ReadonlyMap<string, unknown>) => T;
  readonly #values = new Map<string, unknown>();

  constructor(
    name: string,
    fields: ReadonlyMap<string, Shape<unknown>>,
    build: (values: ReadonlyMap<string, unknown>) => T,
  ) {
    this.#name = name;
    this.#fields = fields;
    this.#build = build;
  }

  child(local: string, attributes: readonly XmlAttribute[]): ElementReader<unknown> | undefined {
    return this.#fields.get(local)?.read(local, attributes);
  }

  accept(local: string, value: unknown): void {
    if (this.#fields.get(local)?.repeated !== true) {
      this.#values.set(local, value);
      return;
    }
    const items = this.#values.get(local);
    if (Array.isArray(items)) items.push(value);
    else this.#values.set(local, [value]);
  }

  text(): void {}

  end(): T {
    for (const [field, shape] of this.#fields) {
      if (this.#values.has(field)) continue;
      if (shape.absent === undefined) throw new InvalidArgument(`${this.#name} has no ${field}`);
      this.#values.set(field, shape.absent.value);
    }
    return this.#build(this.#values);
  }
}

/**
 * An element with one child for each field, written in the order of `fields` (the order of the schema), read in any order.
 * `fixed` holds properties that are not elements (a message's `kind`).
 */
export function struct<T extends object>(
  fields: Fields<T>,
  fixed: Readonly<Record<string, string>> = {},
): Shape<T> {
  const shapes = new Map<string, Shape<unknown>>(Object.entries(fields));
  // The one place where the compiler cannot follow: each field of T has been read by its own Shape.
  const build = (values: ReadonlyMap<string, unknown>): T =>
    ({ ...fixed, ...Object.fromEntries(values) }) as T;
  return {
    read: (name) => new StructReader(name, shapes, build),
    write: (name, value) => {
      const values = new Map<string, unknown>(Object.entries(value));
      let content = '';
      for (const [field, shape] of shapes) content += shape.write(field, values.get(field));
      return `<${name}>${content}</${name}>`;
    },
  };
}

/** A shape of S seen as a T. `toT` throws InvalidArgument. */
export function mapped<S, T>(
  shape: Shape<S>,
  toT: (value: S, name: string) => T,
  toS: (value: T) => S,
): Shape<T> {
  return {
    read: (name, attributes) => {
      const inner = shape.read(name, attributes);
      return {
        child: (local, childAttributes) => inner.child(local, childAttributes),
        accept: (local, value) => {
          inner.accept(local, value);
        },
        text: (content) => {
          inner.text(content);
        },
        end: () => toT(inner.end(), name),
      };
    },
    write: (name, value) => shape.write(name, toS(value)),
  };
}

/** How many characters of a list are put together before they are written. */
const PIECE_LENGTH = 8192;

class ArrayReader<T> implements ElementReader<readonly T[]> {
  readonly #item: Shape<T>;
  readonly #items: T[] = [];

  constructor(item: Shape<T>) {
    this.#item = item;
  }

  child(local: string, attributes: readonly XmlAttribute[]): ElementReader<T> {
    return this.#item.read(local, attributes);
  }

  accept(_local: string, value: unknown): void {
    this.#items.push(value as T); // every child was read by #item
  }

  text(): void {}

  end(): readonly T[] {
    return this.#items;
  }
}

/**
 * A SOAP array: read with or without arrayType and whatever its items are called, written with both.
 * `arrayType` carries its prefix, without the size.
 */
export function array<T>(item: Shape<T>, itemName: string, arrayType: string): Shape<readonly T[]> {
  const pieces = function* (name: string, values: readonly T[]): Iterable<string> {
    yield `<${name} soap-enc:arrayType="${arrayType}[${values.length}]">`;
    let piece = '';
    for (const value of values) {
      piece += item.write(itemName, value);
      if (piece.length < PIECE_LENGTH) continue;
      yield piece;
      piece = '';
    }
    yield `${piece}</${name}>`;
  };
  return {
    read: () => new ArrayReader(item),
    write: (name, values) => [...pieces(name, values)].join(''),
    pieces,
  };
}

/** The parent holds the items directly, with no array element around them; none is fine. */
export function repeated<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    // StructReader collects the items: one occurrence yields one of them, not the list.
    read: (name, attributes) => item.read(name, attributes) as ElementReader<readonly T[]>,
    write: (name, values) => values.map((value) => item.write(name, value)).join(''),
    absent: { value: [] },
    repeated: true,
  };
}

export const stringArray: Shape<readonly string[]> = array(token, 'string', 'xsd:string');
