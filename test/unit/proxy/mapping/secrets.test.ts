import { expect } from 'chai';
import { isSecret } from '../../../../src/proxy/mapping/secrets.ts';

/** Hidden or secured in their published model. */
const SECRETS = [
  '/BBF/WiFi/AccessPoint/0/Security/KeyPassphrase',
  '/BBF/WiFi/AccessPoint/0/Security/SAEPassphrase',
  '/BBF/WiFi/AccessPoint/0/Security/PreSharedKey',
  '/BBF/WiFi/AccessPoint/0/Security/WEPKey',
  '/BBF/WiFi/AccessPoint/0/Security/SecondaryRadiusSecret',
  '/BBF/WiFi/AccessPoint/0/Accounting/Secret',
  '/BBF/WiFi/AccessPoint/0/WPS/PIN',
  '/BBF/LANDevice/0/WLANConfiguration/0/WPS/DevicePassword',
  '/BBF/IEEE8021x/Supplicant/0/EAPMD5/SharedSecret',
  '/BBF/UPA/Interface/0/EncryptionKey',
  '/BBF/Routing/Babel/DTLSCertSet/0/DTLSCert/0/CertPrivateKey',
  '/BBF/Routing/Babel/MACKeySet/0/MACKey/0/KeyValue',
  '/BBF/USPAgent/ControllerTrust/Challenge/3/Value',
  '/BBF/VoiceService/0/SIP/Client/0/AuthPassword',
  '/BBF/VoiceService/0/DECT/Base/0/PIN',
  '/BBF/StorageService/0/UserAccount/0/Password',
  '/BBF/X_ACME/Cloud/AccessKey',
  '/X_ACME_Key',
];

const NO_SECRETS = [
  '/BBF/StorageService/0/UserAccount/0/Username',
  '/BBF/UserInterface/PasswordRequired',
  '/BBF/UserInterface/PasswordUserSelectable',
  '/BBF/WiFi/AccessPoint/0/Security/ModeEnabled',
  '/BBF/LANDevice/0/WLANConfiguration/0/WEPKeyIndex',
  '/BBF/QueueManagement/Flow/0/FlowKey',
  '/BBF/DNS/SD/Service/0/TextRecord/0/Key',
  '/BBF/DNS/SD/Service/0/TextRecord/0/Value',
  '/BBF/Routing/Babel/MACKeySet/0/MACKey/0/KeyUseSend',
  '/BBF/SSH/AuthorizedKeyNumberOfEntries',
  '/X_ACME/Keys/Count',
  '/UPnP/DM/DeviceInfo/SoftwareVersion',
];

describe('secrets', () => {
  for (const path of SECRETS) {
    it(`${path} is one`, () => {
      expect(isSecret(path)).to.equal(true);
    });
  }
  for (const path of NO_SECRETS) {
    it(`${path} is none`, () => {
      expect(isSecret(path)).to.equal(false);
    });
  }
});
