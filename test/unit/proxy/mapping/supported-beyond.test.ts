import { expect } from 'chai';
import { planMounts } from '../../../../src/proxy/mapping/mounts.ts';
import { supportedBeyond } from '../../../../src/proxy/mapping/supported-beyond.ts';
import { growthOfTime, LINEAR } from '../../../support/growth.ts';

const ALL = { setValues: true, createInstance: true, deleteInstance: true };

function beyond(structure: string[], instances: string[]): ReturnType<typeof supportedBeyond> {
  const subTrees = [{ uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/BBF/' }];
  const tree = { subTrees, structure, instances, attributes: new Map() };
  return supportedBeyond(tree, planMounts(subTrees, structure, '0011AA'), ALL, () => false, true);
}

describe('supportedBeyond', () => {
  it('tells what rows would hold, of tables without any, nested ones included', () => {
    const { objects, parameters } = beyond(
      [
        '/BBF/A/#/',
        '/BBF/A/#/N',
        '/BBF/A/#/B/#/',
        '/BBF/A/#/B/#/P',
        '/BBF/C/#/',
        '/BBF/C/#/D/#/',
        '/BBF/C/#/D/#/Q',
      ],
      ['/BBF/C/3/'],
    );
    expect([...new Set(objects.map(({ ref }) => ref))]).to.have.members([
      'Device.A.{i}.',
      'Device.A.{i}.B.{i}.',
      'Device.C.{i}.D.{i}.',
    ]);
    expect(
      parameters.filter(({ name }) => name !== 'Alias').map(({ objectRef, name }) => objectRef + name),
    ).to.have.members(['Device.A.{i}.N', 'Device.A.{i}.B.{i}.P', 'Device.C.{i}.D.{i}.Q']);
  });

  it('tells nothing of a table that has rows anywhere: the model shows it', () => {
    expect(
      beyond(['/BBF/C/#/', '/BBF/C/#/D/#/', '/BBF/C/#/D/#/Q'], ['/BBF/C/0/', '/BBF/C/1/', '/BBF/C/1/D/0/']),
    ).to.deep.equal({ objects: [], parameters: [] });
  });

  it('takes time in proportion to the number of tables', async () => {
    const work = (size: number): unknown =>
      beyond(
        Array.from({ length: size }, (_, index) => [`/BBF/T${index}/#/`, `/BBF/T${index}/#/L`]).flat(),
        [],
      );
    expect(await growthOfTime(work, 500)).to.be.lessThan(LINEAR);
  });
});
