/**
 * Resolves URLs of a description [UDA 2.3]: against URLBase where there is one, else against LOCATION. Of those that are fetched,
 * only http URLs on the host that announced the device are given out, whatever a description says.
 */
export class UrlResolver {
  readonly #host: string;
  readonly #base: string;
  readonly #shownBase: string;

  constructor(location: string, urlBase: string) {
    this.#host = new URL(location).hostname;
    this.#base = location;
    if (urlBase !== '') this.#base = this.resolve(urlBase) ?? location;
    this.#shownBase = isWebUrl(urlBase) ? urlBase : location;
  }

  /** Undefined for an empty, malformed or foreign URL. */
  resolve(reference: string): string | undefined {
    if (reference === '' || !URL.canParse(reference, this.#base)) return undefined;
    const url = new URL(reference, this.#base);
    const own = url.protocol === 'http:' && url.hostname === this.#host && url.port !== '0';
    return own && url.username === '' && url.password === '' ? url.href : undefined;
  }

  /** A URL for people, which nobody fetches: on any host, as it was given if it is absolute. Empty when it is none of the web. */
  resolveShown(reference: string): string {
    if (reference === '' || isWebUrl(reference)) return reference;
    if (URL.canParse(reference) || !URL.canParse(reference, this.#shownBase)) return '';
    return new URL(reference, this.#shownBase).href;
  }
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
