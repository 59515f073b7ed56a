import { expect } from 'chai';
import { attributePaths, contentPaths, FixtureCms, listOf, textsOf, values } from './fixture-device.ts';

describe('lab device: ConfigurationManagement', () => {
  let cms: FixtureCms;
  beforeEach(() => {
    cms = new FixtureCms();
  });

  const attributes = (path: string): string =>
    cms.invoke('GetAttributes', { Parameters: attributePaths(path) })['NodeAttributeValueList'] ?? '';
  const setAttributes = (path: string, fields: string): number | undefined =>
    cms.codeOf('SetAttributes', {
      NodeAttributeValueList: listOf(
        'NodeAttributeValueList',
        `<Node><NodeAttributePath>${path}</NodeAttributePath>${fields}</Node>`,
      ),
    });

  describe('GetValues', () => {
    it('expands partial paths, each leaf once', () => {
      const document = cms.invoke('GetValues', {
        Parameters: contentPaths('/UPnP/DM/Software/DU/0/', '/UPnP/DM/Software/DU/0/DUID'),
      })['ParameterValueList'];
      expect(textsOf(document ?? '', 'ParameterPath')).to.deep.equal([
        '/UPnP/DM/Software/DU/0/DUID',
        '/UPnP/DM/Software/DU/0/State',
        '/UPnP/DM/Software/DU/0/EUNumberOfEntries',
        '/UPnP/DM/Software/DU/0/EU/0/EUID',
        '/UPnP/DM/Software/DU/0/EU/0/RunningState',
        '/UPnP/DM/Software/DU/0/EU/3/EUID',
        '/UPnP/DM/Software/DU/0/EU/3/RunningState',
      ]);
      expect(textsOf(document ?? '', 'Value')[2]).to.equal('2');
    });

    it('answers 703 for what is not there, 702 for what is no list', () => {
      expect(cms.codeOf('GetValues', { Parameters: contentPaths('/X_LAB/Nothing') })).to.equal(703);
      expect(cms.codeOf('GetValues', { Parameters: '<cms:ContentPathList>' })).to.equal(702);
      expect(cms.codeOf('GetValues', { Parameters: '<ContentPathList/>' })).to.equal(702);
    });

    it('hides hidden values', () => {
      cms.invoke('SetValues', { ParameterValueList: values(['/X_LAB/Secret', 's3cret']) });
      expect(cms.value('/X_LAB/Secret')).to.equal('');
    });
  });

  describe('SetValues', () => {
    const bad: readonly (readonly [string, number, [string, string]])[] = [
      ['an unknown name', 703, ['/X_LAB/Nothing', '1']],
      ['an object', 703, ['/X_LAB/', '1']],
      ['a wrong literal', 704, ['/X_LAB/Silent', 'one']],
      ['a number out of range', 705, ['/X_LAB/Account/2/Rights/Level', '4']],
      ['a text too long', 705, ['/X_LAB/Name', 'abcdefghi']],
      ['a read-only parameter', 706, ['/X_LAB/Fixed', '1']],
      ['the same parameter twice', 707, ['/X_LAB/Watched', '12']],
    ];
    for (const [what, code, entry] of bad) {
      it(`refuses ${what} with ${code} and changes nothing`, () => {
        const input = { ParameterValueList: values(['/X_LAB/Watched', '11'], entry) };
        expect(cms.codeOf('SetValues', input)).to.equal(code);
        expect(cms.value('/X_LAB/Watched')).to.equal('6');
        expect(cms.configuration.currentVersion).to.equal(0);
        expect(cms.events).to.deep.equal([]);
      });
    }

    it('applies all as one version', () => {
      const input = { ParameterValueList: values(['/X_LAB/Watched', '11'], ['/X_LAB/Silent', ' +7 ']) };
      expect(cms.invoke('SetValues', input)).to.deep.equal({ Status: 'ChangesApplied' });
      expect([cms.value('/X_LAB/Watched'), cms.value('/X_LAB/Silent')]).to.deep.equal(['11', '7']);
      expect(cms.configuration.currentVersion).to.equal(1);
      expect(textsOf(attributes('/X_LAB/Silent'), 'Version')).to.deep.equal(['1']);
      expect(textsOf(attributes('/X_LAB/Name'), 'Version')).to.deep.equal(['0']);
    });

    it('commits what takes time, readable at once, inconsistent until applied', () => {
      const answer = cms.invoke('SetValues', { ParameterValueList: values(['/X_LAB/Later', '-3']) });
      expect(answer).to.deep.equal({ Status: 'ChangesCommitted' });
      expect(cms.value('/X_LAB/Later')).to.equal('-3');
      expect(cms.invoke('GetInconsistentStatus')).to.deep.equal({ StateVariableValue: '1' });
      cms.clock.advance(2000);
      expect(cms.invoke('GetInconsistentStatus')).to.deep.equal({ StateVariableValue: '0' });
      expect(cms.events).to.deep.equal(['InconsistentStatus', 'InconsistentStatus']);
    });
  });

  describe('versions and events', () => {
    it('events only nodes with EventOnChange=1, counts only nodes with Version', () => {
      cms.configuration.setValue('/X_LAB/Silent', '1');
      expect([cms.configuration.currentVersion, cms.events.length]).to.deep.equal([1, 0]);
      cms.configuration.setValue('/X_LAB/Volatile', '1');
      expect([cms.configuration.currentVersion, cms.events.length]).to.deep.equal([1, 1]);
      cms.configuration.setValue('/X_LAB/Watched', '1');
      expect([cms.configuration.currentVersion, cms.events.length]).to.deep.equal([2, 2]);
    });

    it('is silent when a value does not change', () => {
      cms.configuration.setValue('/X_LAB/Watched', '6');
      expect([cms.configuration.currentVersion, cms.events.length]).to.deep.equal([0, 0]);
    });

    it('carries alarmed values, escaped as a list item, once', () => {
      expect(setAttributes('/X_LAB/Name', '<AlarmOnChange>1</AlarmOnChange>')).to.equal(undefined);
      cms.configuration.setValue('/X_LAB/Name', 'b');
      expect(cms.configuration.variable('ConfigurationUpdate', true)).to.equal('1,2026-01-01T00:00:00Z');
      cms.invoke('SetAlarmsEnabled', { StateVariableValue: 'yes' });
      cms.configuration.setValue('/X_LAB/Name', 'x,\\y');
      const text = cms.configuration.variable('ConfigurationUpdate', true);
      expect(text).to.match(/^2,2026-01-01T00:00:00Z,<\?xml/);
      expect(text).to.include('<ParameterPath>/X_LAB/Name</ParameterPath><Value>x\\,\\\\y</Value>');
      expect(cms.configuration.variable('ConfigurationUpdate', true)).to.equal('2,2026-01-01T00:00:00Z');
    });
  });

  describe('rows', () => {
    const table = '/X_LAB/Account/';
    const create = (entries = ''): number | undefined =>
      cms.codeOf('CreateInstance', {
        MultiInstanceName: table,
        ChildrenInitialization: listOf('ParameterInitialValueList', entries),
      });
    const node = (path: string, value: string): string =>
      `<Node><ParameterInitializationPath>${path}</ParameterInitializationPath><Value>${value}</Value></Node>`;

    it('creates a row with defaults and initial values', () => {
      const answer = cms.invoke('CreateInstance', {
        MultiInstanceName: table,
        ChildrenInitialization: listOf('ParameterInitialValueList', node('Rights/Level', '3')),
      });
      expect(answer).to.deep.equal({ InstanceIdentifier: `${table}3/`, Status: 'ChangesApplied' });
      expect(cms.value(`${table}3/User`)).to.equal('user3');
      expect(cms.value(`${table}3/Rights/Level`)).to.equal('3');
      expect(cms.value('/X_LAB/AccountNumberOfEntries')).to.equal('2');
      expect(cms.events).to.deep.equal(['ConfigurationUpdate']);
    });

    it('leaves nothing behind when it refuses', () => {
      expect(create(node('User', 'admin'))).to.equal(705);
      expect(create(node('Rights/Level', '9'))).to.equal(705);
      expect(create(node('Rights/Level', 'x'))).to.equal(704);
      expect(create(node('Nothing', 'x'))).to.equal(703);
      expect(create(node('Uses', '1'))).to.equal(706);
      expect(create(node('User', 'a') + node('User', 'b'))).to.equal(707);
      expect(cms.value('/X_LAB/AccountNumberOfEntries')).to.equal('1');
      expect(cms.codeOf('GetValues', { Parameters: contentPaths(`${table}3/`) })).to.equal(703);
    });

    it('refuses a full table with 709 and a fixed one with 706', () => {
      expect([create(), create(), create()]).to.deep.equal([undefined, undefined, 709]);
      const fixed = { MultiInstanceName: '/UPnP/DM/Software/DU/', ChildrenInitialization: '' };
      expect(cms.codeOf('CreateInstance', fixed)).to.equal(706);
    });

    it('refuses to give two rows one unique key later, too', () => {
      create();
      const input = { ParameterValueList: values([`${table}3/User`, 'admin']) };
      expect(cms.codeOf('SetValues', input)).to.equal(705);
    });

    it('deletes a row with all in it and does not give its number again', () => {
      expect(create()).to.equal(undefined);
      expect(cms.codeOf('DeleteInstance', { InstanceIdentifier: `${table}3/` })).to.equal(undefined);
      expect(cms.codeOf('GetValues', { Parameters: contentPaths(`${table}3/User`) })).to.equal(703);
      expect(cms.codeOf('DeleteInstance', { InstanceIdentifier: `${table}3/` })).to.equal(703);
      expect(cms.codeOf('DeleteInstance', { InstanceIdentifier: '/UPnP/DM/Software/DU/0/' })).to.equal(706);
      create();
      expect(cms.value(`${table}4/User`)).to.equal('user4');
    });
  });

  describe('attributes', () => {
    it('tells each kind of node what applies to it', () => {
      expect(attributes('/X_LAB/Watched')).to.include(
        '<Node><NodeAttributePath>/X_LAB/Watched</NodeAttributePath><Type>unsignedInt</Type><Access>readWrite</Access>' +
          '<Version>0</Version><EventOnChange>1</EventOnChange><AlarmOnChange>0</AlarmOnChange></Node>',
      );
      expect(attributes('/X_LAB/Account/')).to.include(
        '<Access>readWrite</Access><Version>0</Version><EventOnChange>1</EventOnChange></Node>',
      );
      expect(attributes('/UPnP/DM/Software/DU/0/')).to.include(
        '/DU/0/</NodeAttributePath><Access>readOnly</Access></Node>',
      );
      expect(textsOf(attributes('/X_LAB/'), 'NodeAttributePath')).to.deep.equal([]);
    });

    it('sets EventOnChange, and says so', () => {
      expect(setAttributes('/X_LAB/Silent', '<EventOnChange>1</EventOnChange>')).to.equal(undefined);
      expect(cms.events).to.deep.equal(['AttributeValuesUpdate']);
      cms.configuration.setValue('/X_LAB/Silent', '5');
      expect(cms.events).to.deep.equal(['AttributeValuesUpdate', 'ConfigurationUpdate']);
    });

    it('refuses what cannot be written, all or nothing', () => {
      expect(setAttributes('/X_LAB/Silent', '<Access>readOnly</Access>')).to.equal(706);
      expect(setAttributes('/X_LAB/Account/', '<AlarmOnChange>1</AlarmOnChange>')).to.equal(706);
      expect(setAttributes('/X_LAB/Silent', '<EventOnChange>maybe</EventOnChange>')).to.equal(704);
      expect(setAttributes('/X_LAB/Nothing', '<EventOnChange>1</EventOnChange>')).to.equal(703);
      expect(cms.events).to.deep.equal([]);
    });
  });

  describe('GetSelectedValues', () => {
    const select = (startingNode: string, filter: string): string[] =>
      textsOf(
        cms.invoke('GetSelectedValues', { StartingNode: startingNode, Filter: filter })[
          'ParameterValueList'
        ] ?? '',
        'ParameterPath',
      );

    it('selects what changed in a version', () => {
      cms.configuration.setValue('/X_LAB/Silent', '5');
      cms.configuration.setValue('/X_LAB/Watched', '5');
      expect(select('/', 'Version = 2')).to.deep.equal(['/X_LAB/Watched']);
      expect(select('/X_LAB/', 'Version >= 1 and Version < 2 or Version = 2')).to.have.length(2);
      expect(select('/UPnP/', 'Version >= 1')).to.deep.equal([]);
    });

    it('selects rows by their own values', () => {
      const filter = '/UPnP/DM/Software/DU/#/DUID = 15';
      expect(select('/UPnP/DM/Software/DU/#/State', filter)).to.deep.equal(['/UPnP/DM/Software/DU/5/State']);
      expect(select('/X_LAB/Account/', '1')).to.have.length(3);
      expect(select('/X_LAB/Account/#/User', '/X_LAB/Account/#/User = "admin"')).to.have.length(1);
    });

    it('refuses a broken filter with 701', () => {
      for (const filter of ['Version', 'Version = 1 and', 'Version = 1 xor 1', '= 3']) {
        expect(cms.codeOf('GetSelectedValues', { StartingNode: '/', Filter: filter }), filter).to.equal(701);
      }
    });
  });
});
