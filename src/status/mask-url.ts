/** `http://host:port/…`: a connection request URL without its path, which is what authorises its user. */
export function maskUrl(url: string): string {
  if (url === '') return '';
  return URL.canParse(url) ? `${new URL(url).origin}/…` : '…';
}
