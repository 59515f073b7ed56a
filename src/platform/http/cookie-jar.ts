import type { Clock } from '../clock.ts';

const MAX_COOKIES = 32;
const MAX_COOKIE_BYTES = 4096;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Only `domain` itself, not the hosts below it. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
}

/** The cookies of one CWMP session [RFC 6265 5]: they live as long as the jar, so that expiry dates only matter when past. */
export class CookieJar {
  readonly #clock: Clock;
  readonly #cookies = new Map<string, Cookie>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes over the Set-Cookie headers of an answer from `url`; what is malformed or foreign is ignored. */
  store(url: URL, setCookies: readonly string[]): void {
    for (const header of setCookies) {
      if (Buffer.byteLength(header) > MAX_COOKIE_BYTES) continue;
      const parsed = parseSetCookie(header, url, this.#clock.now());
      if (parsed === undefined) continue;
      const key = `${parsed.cookie.domain} ${parsed.cookie.path} ${parsed.cookie.name}`;
      this.#cookies.delete(key);
      if (!parsed.expired && this.#cookies.size < MAX_COOKIES) this.#cookies.set(key, parsed.cookie);
    }
  }

  /** The Cookie header for a request to `url`: `name=value` pairs, longest path first; undefined when there is none. */
  header(url: URL): string | undefined {
    if (this.#cookies.size === 0) return undefined;
    const pairs = [...this.#cookies.values()]
      .filter((cookie) => isFor(cookie, url))
      .sort((a, b) => b.path.length - a.path.length)
      .map((cookie) => `${cookie.name}=${cookie.value}`);
    return pairs.length === 0 ? undefined : pairs.join('; ');
  }
}

function parseSetCookie(
  header: string,
  url: URL,
  nowMs: number,
): { cookie: Cookie; expired: boolean } | undefined {
  const [pair = '', ...attributes] = header.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(0, equals)).trim();
  if (name === '' || hasControl(pair)) return undefined;
  let cookie: Cookie = {
    name,
    value: pair.slice(equals + 1).trim(),
    domain: url.hostname,
    hostOnly: true,
    path: defaultPath(url),
    secure: false,
  };
  let hasPassed = false;
  let maxAge: number | undefined;
  for (const attribute of attributes) {
    const at = attribute.indexOf('=');
    const key = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    const value = at < 0 ? '' : attribute.slice(at + 1).trim();
    if (key === 'path' && value.startsWith('/')) cookie = { ...cookie, path: value };
    else if (key === 'secure') cookie = { ...cookie, secure: true };
    else if (key === 'max-age') maxAge = Number(value);
    else if (key === 'expires') hasPassed = Date.parse(value) <= nowMs;
    else if (key === 'domain' && value !== '') {
      const domain = value.replace(/^\./, '').toLowerCase();
      if (domain === url.hostname) continue;
      // A one-label domain would cover a whole top-level domain.
      if (!domain.includes('.') || !url.hostname.endsWith(`.${domain}`)) return undefined;
      cookie = { ...cookie, domain, hostOnly: false };
    }
  }
  // [RFC 6265 5.3] Max-Age has the last word.
  return { cookie, expired: maxAge === undefined ? hasPassed : maxAge <= 0 };
}

function isFor(cookie: Cookie, url: URL): boolean {
  if (cookie.secure && url.protocol !== 'https:') return false;
  const sameHost = url.hostname === cookie.domain;
  if (!sameHost && (cookie.hostOnly || !url.hostname.endsWith(`.${cookie.domain}`))) return false;
  const path = url.pathname;
  if (!path.startsWith(cookie.path)) return false;
  return path.length === cookie.path.length || cookie.path.endsWith('/') || path[cookie.path.length] === '/';
}

function defaultPath(url: URL): string {
  const end = url.pathname.lastIndexOf('/');
  return end <= 0 ? '/' : url.pathname.slice(0, end);
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
