import type { XmlAttribute } from '../../platform/xml/xml-parser.ts';
import type { EnvelopeHeader } from './messages.ts';
import { SOAP_ENVELOPE_URI, isCwmpUri, isUnknownUri } from './namespaces.ts';
import { InvalidArgument, parseBoolean } from './shape.ts';

const KNOWN_BLOCKS: readonly string[] = [
  'ID',
  'HoldRequests',
  'SessionTimeout',
  'SupportedCWMPVersions',
  'UseCWMPVersion',
  'NoMoreRequests', // of CWMP 1.0, deprecated: understood and ignored
];
const ACTOR_NEXT = 'http://schemas.xmlsoap.org/soap/actor/next';

/** Collects the header of an envelope block by block. */
export class HeaderReader {
  /** First block that had to be understood and is not. */
  notUnderstood: string | undefined;
  readonly #blocks = new Map<string, string>();
  #current: string | undefined;
  #text = '';

  get id(): string | undefined {
    return this.#blocks.get('ID');
  }

  openBlock(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    const known = KNOWN_BLOCKS.includes(local) && (isCwmpUri(uri) || isUnknownUri(uri));
    this.#current = known ? local : undefined;
    this.#text = '';
    if (!known && mustBeUnderstood(attributes)) this.notUnderstood ??= local;
  }

  text(text: string): void {
    this.#text += text;
  }

  closeBlock(): void {
    if (this.#current !== undefined) this.#blocks.set(this.#current, this.#text);
    this.#current = undefined;
  }

  /** A block with a value that cannot be read counts as absent: none of them is worth the session. */
  get header(): EnvelopeHeader {
    const hold = this.#blocks.get('HoldRequests');
    const timeout = this.#blocks.get('SessionTimeout')?.trim() ?? '';
    const supported = this.#blocks.get('SupportedCWMPVersions');
    const use = this.#blocks.get('UseCWMPVersion');
    return {
      id: this.id,
      ...(hold !== undefined && { holdRequests: isTrue(hold) }),
      ...(/^\d{1,10}$/.test(timeout) && { sessionTimeoutSeconds: Number(timeout) }),
      ...(supported !== undefined && {
        supportedCwmpVersions: supported
          .split(',')
          .map((version) => version.trim())
          .filter((version) => version !== ''),
      }),
      ...(use !== undefined && { useCwmpVersion: use.trim() }),
    };
  }
}

/** A block for another actor is none of our business [SOAP 1.1 4.2.2]. */
function mustBeUnderstood(attributes: readonly XmlAttribute[]): boolean {
  let required = false;
  for (const { uri, local, value } of attributes) {
    if (uri !== SOAP_ENVELOPE_URI && !isUnknownUri(uri)) continue;
    if (local === 'actor' && value !== '' && value !== ACTOR_NEXT) return false;
    if (local === 'mustUnderstand') required = isTrue(value);
  }
  return required;
}

function isTrue(text: string): boolean {
  try {
    return parseBoolean(text, '');
  } catch (error) {
    if (error instanceof InvalidArgument) return false;
    throw error;
  }
}
