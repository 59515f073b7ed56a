import type { RpcMessage } from './messages.ts';
import { struct } from './shape.ts';
import type { Fields, Shape } from './shape.ts';

export type RpcKind = RpcMessage['kind'];
export type MessageOf<K extends RpcKind> = Extract<RpcMessage, { readonly kind: K }>;

/** Shapes by element name in the SOAP body. */
export type MessageShapes<K extends RpcKind> = { readonly [Kind in K]: Shape<MessageOf<Kind>> };

/** Shape of a whole RPC message: a struct whose element name is its `kind`. */
export function message<K extends RpcKind>(
  kind: K,
  fields: Fields<Omit<MessageOf<K>, 'kind'>>,
): Shape<MessageOf<K>> {
  const content = struct<Omit<MessageOf<K>, 'kind'>>(fields, { kind });
  // `kind` is among the fixed properties, so what is read is the whole message.
  return content as Shape<MessageOf<K>>;
}
