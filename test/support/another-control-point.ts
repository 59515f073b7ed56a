const SERVICE = 'urn:schemas-upnp-org:service:ConfigurationManagement:2';

/**
 * Invokes an action of a lab device's ConfigurationManagement as another control point of the home would.
 * @param location URL of the device's description
 * @throws Error when the device refuses
 */
export async function invokeByHand(
  location: string,
  action: string,
  argument: string,
  value: string,
): Promise<void> {
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const response = await fetch(new URL('/ConfigurationManagement/control', location), {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml; charset="utf-8"', SOAPACTION: `"${SERVICE}#${action}"` },
    body:
      '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">' +
      `<s:Body><u:${action} xmlns:u="${SERVICE}"><${argument}>${escaped}</${argument}></u:${action}></s:Body></s:Envelope>`,
  });
  if (response.status !== 200) throw new Error(`${action}: ${response.status} ${await response.text()}`);
}
