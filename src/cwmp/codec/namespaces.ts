export const SOAP_ENVELOPE_URI = 'http://schemas.xmlsoap.org/soap/envelope/';

/** Any version of CWMP: deployed ACSs use cwmp-1-3 too, which no schema has. */
export function isCwmpUri(uri: string): boolean {
  return /^urn:dslforum-org:cwmp-1-\d{1,3}$/.test(uri);
}

/** No namespace, or a prefix declared nowhere (see XmlLimits.undeclaredPrefixes). */
export function isUnknownUri(uri: string): boolean {
  return uri === '' || uri.startsWith('undeclared:');
}
