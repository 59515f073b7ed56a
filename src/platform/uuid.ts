import { createHash } from 'node:crypto';

/** The namespace of every UUID that this daemon makes: itself made once at random. Never change it: documents are known by it. */
const NAMESPACE = Buffer.from('5b0f7f0c6d5e4b5f9a3e1c2f6f2d8b41', 'hex');

/** A name-based UUID, version 5 [RFC 4122 4.3]: the same text always gives the same UUID, in lower case. */
export function nameBasedUuid(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name, 'utf8').digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
