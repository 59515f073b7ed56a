import type { AcsSession, SessionTask } from './acs-session.ts';
import type { Credentials } from './digest.ts';
import type { InformMessage } from './messages.ts';

/** An Inform as received. */
export interface InformRecord extends InformMessage {
  /** Counts every Inform of every device from 1. */
  readonly sequence: number;
  readonly deviceId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly namespace: string;
  /** Content of the SupportedCWMPVersions header, '' without it. */
  readonly supportedCwmpVersions: string;
}

const KEPT_INFORMS = 500;

/** What the ACS knows of one CPE. */
export class AcsDevice {
  readonly id: string;
  /** Oldest first; the last 500. */
  readonly informs: InformRecord[] = [];
  readonly tasks: SessionTask[] = [];
  session: AcsSession | undefined;
  /** Whether the last contact, an Inform or a connection request, succeeded. */
  isOnline = false;
  /** What the ACS last wrote to ConnectionRequestUsername and ConnectionRequestPassword. */
  credentials: Credentials | undefined;
  modelName = '';
  arePresetsQueued = false;
  #root = 'Device.';
  #connectionRequestUrl = '';

  constructor(id: string) {
    this.id = id;
  }

  get lastInform(): InformRecord | undefined {
    return this.informs.at(-1);
  }

  /** `Device.` or `InternetGatewayDevice.`, as the Informs show. */
  get root(): string {
    return this.#root;
  }

  /** As last reported in an Inform, '' when never. */
  get connectionRequestUrl(): string {
    return this.#connectionRequestUrl;
  }

  addInform(inform: InformRecord): void {
    this.informs.push(inform);
    if (this.informs.length > KEPT_INFORMS) this.informs.shift();
    this.isOnline = true;
    for (const { name, value } of inform.parameters) {
      if (!name.endsWith('.ManagementServer.ConnectionRequestURL')) continue;
      this.#connectionRequestUrl = value;
      this.#root = name.slice(0, name.indexOf('.') + 1);
    }
  }
}

/** GenieACS's device id: OUI-ProductClass-Serial, without ProductClass where it is empty, parts percent-encoded. */
export function formatDeviceId(
  deviceId: Pick<InformMessage, 'oui' | 'productClass' | 'serialNumber'>,
): string {
  const parts = [deviceId.oui, deviceId.productClass, deviceId.serialNumber];
  return parts
    .filter((part, index) => index !== 1 || part !== '')
    .map(encodePart)
    .join('-');
}

/** Everything but letters, digits and `_`, the hyphen too. */
function encodePart(part: string): string {
  return [...Buffer.from(part, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /\w/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
