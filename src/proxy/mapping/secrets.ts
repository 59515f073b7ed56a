/**
 * How the published models name what they hide, or give to secured access only: every secret of TR-181, TR-098, TR-104, TR-135 and
 * TR-140 but one ends so. The few others that end so are passwords too, whatever their model allows.
 */
const PUBLISHED =
  /(?:Password|Passphrase|Secret|PIN|PINCode|PreSharedKey|WEPKey|EncryptionKey|PrivateKey|KeyValue)$/;

/** The one whose name does not tell [TR-181 USPAgent]. */
const CHALLENGE = /\/ControllerTrust\/Challenge\/\d+\/Value$/;

/** Names that begin with `X_` are in no published model; there a key is rather a secret than a name. */
const VENDOR_KEY = /\/X_(?:.*\/)?[^/]*Key$/;

/**
 * Whether the leaf of that CMS path holds a secret: it reads as the empty string whatever the device says, and no value of it is
 * kept for longer than it takes to give it to the device.
 */
export function isSecret(cmsPath: string): boolean {
  return PUBLISHED.test(cmsPath) || VENDOR_KEY.test(cmsPath) || CHALLENGE.test(cmsPath);
}
