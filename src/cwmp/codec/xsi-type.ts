import type { XmlAttribute } from '../../platform/xml/xml-parser.ts';

/** Local name in an element's xsi:type, whatever the prefixes are bound to; undefined without one. */
export function typeNameOf(attributes: readonly XmlAttribute[]): string | undefined {
  const type = attributes.find((attribute) => attribute.local === 'type')?.value.trim();
  return type?.slice(type.indexOf(':') + 1);
}
