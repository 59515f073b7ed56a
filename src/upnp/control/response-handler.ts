import type { XmlAttribute, XmlHandler } from '../../platform/xml/xml-parser.ts';
import { InlineMarkup } from '../inline-markup.ts';

/** Depth of elements: Envelope 1, Body 2, response or Fault 3, arguments 4. */
const RESPONSE = 3;
const ARGUMENT = 4;

/**
 * Collects the answer to an action from a SOAP envelope, by local names only. [UDA 3.2.1, 3.2.2]
 *
 * Arguments are plain text as a rule. Where a device puts a document inline, the argument's value is that markup; where the
 * argument element itself is the root of the document (argument left out), the whole is found under the empty name.
 */
export class ResponseHandler implements XmlHandler {
  readonly outArguments = new Map<string, string>();
  /** Local name of the element in the Body; empty when there is none. */
  responseName = '';
  errorCode = '';
  #depth = 0;
  #skipped = 0;
  #leaf = '';
  #text: string[] = [];
  #inner: InlineMarkup | undefined;
  #qualified = false;
  #children = 0;

  get isFault(): boolean {
    return this.responseName === 'Fault';
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    if (this.#skipped > 0 || this.#isOutside(local)) {
      this.#skipped++;
      return;
    }
    this.#depth++;
    if (this.#depth === RESPONSE) this.responseName = local;
    else if (this.isFault) this.#leaf = local;
    else if (this.#depth === ARGUMENT) {
      this.#text = [];
      this.#inner = undefined;
      this.#children = 0;
      this.#qualified = uri !== '';
    } else if (this.#depth > ARGUMENT) {
      if (this.#depth === ARGUMENT + 1) this.#children++;
      this.#inner ??= new InlineMarkup();
      this.#inner.open(local, attributes);
    }
  }

  text(text: string): void {
    if (this.#skipped > 0) return;
    if (this.isFault) this.#faultText(text);
    else if (this.#depth > ARGUMENT) this.#inner?.text(text);
    else if (this.#depth === ARGUMENT && this.#inner === undefined) this.#text.push(text);
  }

  close(_uri: string, local: string): void {
    if (this.#skipped > 0) {
      this.#skipped--;
      return;
    }
    if (this.isFault) this.#leaf = '';
    else if (this.#depth > ARGUMENT) this.#inner?.close(local);
    else if (this.#depth === ARGUMENT) this.#endArgument(local);
    this.#depth--;
  }

  /** Header blocks, and anything after the first element of the Body. */
  #isOutside(local: string): boolean {
    if (this.#depth === 0) return local !== 'Envelope';
    if (this.#depth === 1) return local !== 'Body' || this.responseName !== '';
    return this.#depth === 2 && this.responseName !== '';
  }

  #faultText(text: string): void {
    if (this.#leaf === 'errorCode') this.errorCode += text;
  }

  #endArgument(local: string): void {
    if (this.#inner === undefined) {
      this.outArguments.set(local, this.#text.join(''));
      return;
    }
    const inner = this.#inner.toString();
    // A true argument is unqualified and holds one root; what is not, is a document root in an argument's place.
    if (!this.#qualified && this.#children === 1) this.outArguments.set(local, inner);
    if (!this.outArguments.has('')) this.outArguments.set('', `<${local}>${inner}</${local}>`);
  }
}
