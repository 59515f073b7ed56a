import type { RpcMessage } from './messages.ts';
import { struct } from './shape.ts';
import type { Fields, Shape } from './shape.ts';

export type RpcKind = RpcMessage['kind'];
export type MessageOf<K extends RpcKind> = Extract<RpcMessage, { readonly kind: K }>;

/** Shapes by element name in the SOAP body. */
export type MessageShapes<K extends RpcKind> = { readonly [Kind in K]: Shape<MessageOf<Kind>> };

/** Shape of a whole RPC message: a struct whose element name is its `kind`, written in the pieces of its lists. */
export function message<K extends RpcKind>(
  kind: K,
  fields: Fields<Omit<MessageOf<K>, 'kind'>>,
): Shape<MessageOf<K>> {
  const content = struct<Omit<MessageOf<K>, 'kind'>>(fields, { kind });
  const shapes = Object.entries<Shape<unknown>>(fields);
  const pieces = function* (name: string, value: MessageOf<K>): Iterable<string> {
    const values = new Map<string, unknown>(Object.entries(value));
    yield `<${name}>`;
    for (const [field, shape] of shapes) {
      yield* shape.pieces?.(field, values.get(field)) ?? [shape.write(field, values.get(field))];
    }
    yield `</${name}>`;
  };
  // `kind` is among the fixed properties, so what is read is the whole message.
  return { ...(content as Shape<MessageOf<K>>), pieces };
}
