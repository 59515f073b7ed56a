import { XmlError, XmlParser } from '../../platform/xml/xml-parser.ts';
import type { XmlAttribute, XmlHandler, XmlLimits } from '../../platform/xml/xml-parser.ts';
import { EnvelopeError } from './envelope-error.ts';
import { fault } from './fault.ts';
import { HeaderReader } from './header-reader.ts';
import type { Envelope, Fault, InvalidArguments, RpcMessage } from './messages.ts';
import { SOAP_ENVELOPE_URI, isCwmpUri, isUnknownUri } from './namespaces.ts';
import { rpcMessageShape } from './rpc-messages.ts';
import { InvalidArgument } from './shape.ts';
import type { ElementReader, Shape } from './shape.ts';

const DEFAULT_LIMITS: XmlLimits = { maxDepth: 32, maxElements: 1_000_000, maxTextLength: 1024 * 1024 };

/**
 * Decodes one SOAP envelope with its CWMP message, of either direction. Form is forgiven (prefixes, namespaces, order, missing
 * arrayType and xsi:type); what cannot be read is said by the body: `UnknownMethod` or `InvalidArguments`.
 * @throws EnvelopeError when there is no message to answer
 */
export function decodeEnvelope(document: Uint8Array | string, limits?: XmlLimits): Envelope {
  const decoder = new EnvelopeDecoder(limits);
  decoder.write(document);
  return decoder.end();
}

/** decodeEnvelope for a document that arrives in chunks: nothing is kept but the message itself. */
export class EnvelopeDecoder {
  readonly #reader = new EnvelopeReader();
  readonly #parser: XmlParser;

  constructor(limits: XmlLimits = {}) {
    this.#parser = new XmlParser(this.#reader, {
      ...DEFAULT_LIMITS,
      ...limits,
      undeclaredPrefixes: 'accept',
    });
  }

  /** @throws EnvelopeError */
  write(chunk: Uint8Array | string): void {
    this.#guarded(() => {
      this.#parser.write(chunk);
    });
  }

  /** @throws EnvelopeError */
  end(): Envelope {
    this.#guarded(() => {
      this.#parser.close();
    });
    return this.#reader.envelope();
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      throw new EnvelopeError('Client', error.message, this.#reader.requestId, { cause: error });
    }
  }
}

/** Reader of an element that nobody wants. */
const SKIP: ElementReader<undefined> = {
  child: () => undefined,
  accept: () => {},
  text: () => {},
  end: () => undefined,
};

interface OpenElement {
  readonly local: string;
  readonly reader: ElementReader<unknown>;
}

/** Depths in the document: 1 Envelope, 2 Header and Body, 3 header blocks and the message. */
class EnvelopeReader implements XmlHandler {
  readonly #header = new HeaderReader();
  #depth = 0;
  #part: 'Header' | 'Body' | undefined;
  #namespace: string | undefined;
  /** Name of the message; what it holds is in #message, or why it could not be read in #invalid. */
  #name: string | undefined;
  #message: RpcMessage | Fault | undefined;
  #messageReader: ElementReader<RpcMessage | Fault> | undefined;
  #invalid: string | undefined;
  /** The message and its descendants down to the current element. */
  readonly #open: OpenElement[] = [];

  get requestId(): string | undefined {
    return this.#header.id;
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    this.#depth += 1;
    if (this.#depth === 1) checkRoot(uri, local);
    else if (this.#depth === 2) this.#part = local === 'Header' || local === 'Body' ? local : undefined;
    else if (this.#part === 'Header') this.#openInHeader(uri, local, attributes);
    else if (this.#part === 'Body') this.#openInBody(uri, local, attributes);
  }

  text(text: string): void {
    if (this.#part === 'Header') this.#header.text(text);
    else this.#open.at(-1)?.reader.text(text);
  }

  close(): void {
    if (this.#part === 'Header' && this.#depth === 3) this.#header.closeBlock();
    else if (this.#part === 'Body' && this.#depth >= 3) this.#closeInBody();
    this.#depth -= 1;
  }

  /** @throws EnvelopeError */
  envelope(): Envelope {
    const id = this.requestId;
    const { notUnderstood, header } = this.#header;
    if (notUnderstood !== undefined) {
      throw new EnvelopeError('MustUnderstand', `header ${notUnderstood} is not understood`, id);
    }
    if (this.#name === undefined) throw new EnvelopeError('Client', 'no message in the SOAP Body', id);
    if (this.#invalid === undefined) {
      const body = this.#message ?? { kind: 'UnknownMethod', name: this.#name };
      return { header, namespace: this.#namespace, body };
    }
    if (isFaultName(this.#name)) throw new EnvelopeError('Client', `SOAP Fault: ${this.#invalid}`, id);
    const body: InvalidArguments = { kind: 'InvalidArguments', method: this.#name, reason: this.#invalid };
    return { header, namespace: this.#namespace, body };
  }

  #openInHeader(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    if (this.#depth > 3) return;
    if (isCwmpUri(uri)) this.#namespace ??= uri;
    this.#header.openBlock(uri, local, attributes);
  }

  #openInBody(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    let reader: ElementReader<unknown> | undefined;
    if (this.#depth > 3) {
      reader = this.#attempt(() => this.#open.at(-1)?.reader.child(local, attributes));
    } else if (this.#name === undefined) {
      // One message to an envelope [TR-069 3.4.1]; what follows it is skipped.
      this.#name = local;
      // Should header and message differ, the message's namespace counts.
      if (isCwmpUri(uri)) this.#namespace = uri;
      this.#messageReader = messageShape(uri, local)?.read(local, attributes);
      reader = this.#messageReader;
    }
    this.#open.push({ local, reader: reader ?? SKIP });
  }

  #closeInBody(): void {
    const element = this.#open.pop();
    if (element === undefined || element.reader === SKIP) return;
    const { reader, local } = element;
    const parent = this.#open.at(-1)?.reader;
    this.#attempt(() => {
      if (parent === undefined) this.#message = this.#messageReader?.end();
      else parent.accept(local, reader.end());
    });
  }

  /** The first fault in the message is the one reported; reading goes on so that broken XML is still noticed. */
  #attempt<T>(step: () => T): T | undefined {
    if (this.#invalid !== undefined) return undefined;
    try {
      return step();
    } catch (error) {
      if (!(error instanceof InvalidArgument)) throw error;
      this.#invalid = error.message;
      return undefined;
    }
  }
}

/** @throws EnvelopeError */
function checkRoot(uri: string, local: string): void {
  if (local !== 'Envelope') throw new EnvelopeError('Client', 'the document is not a SOAP envelope');
  if (uri !== SOAP_ENVELOPE_URI && !isUnknownUri(uri)) {
    throw new EnvelopeError('VersionMismatch', 'the envelope is not of SOAP 1.1');
  }
}

/** GenieACS sends `<soap-env:Body:Fault>`. */
function isFaultName(local: string): boolean {
  return local === 'Fault' || local === 'Body:Fault';
}

function messageShape(uri: string, local: string): Shape<RpcMessage> | Shape<Fault> | undefined {
  if (isFaultName(local)) return fault;
  // A default namespace of SOAP, or none at all: senders forget to qualify the message.
  return isCwmpUri(uri) || isUnknownUri(uri) || uri === SOAP_ENVELOPE_URI
    ? rpcMessageShape(local)
    : undefined;
}
