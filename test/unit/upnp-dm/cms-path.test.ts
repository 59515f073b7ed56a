import { expect } from 'chai';
import {
  isInstancePath,
  isLeaf,
  isWithin,
  joinPath,
  lastNameOf,
  parentOf,
  pathProblem,
  repairPath,
  toStructurePath,
} from '../../../src/upnp-dm/cms-path.ts';

describe('upnp-dm/cms-path', () => {
  it('tells leaves, objects and rows apart', () => {
    expect(isLeaf('/A/B')).to.equal(true);
    expect(isLeaf('/A/')).to.equal(false);
    expect(isInstancePath('/A/0/')).to.equal(true);
    expect(isInstancePath('/A/B/')).to.equal(false);
    expect(isInstancePath('/')).to.equal(false);
  });

  it('walks up and down', () => {
    expect(parentOf('/A/B/3/C')).to.equal('/A/B/3/');
    expect(parentOf('/A/B/3/')).to.equal('/A/B/');
    expect(parentOf('/A/')).to.equal('/');
    expect(parentOf('/')).to.equal(undefined);
    expect(lastNameOf('/A/B')).to.equal('B');
    expect(lastNameOf('/A/B/')).to.equal('B');
    expect(lastNameOf('/')).to.equal('');
    expect(joinPath('/A/', 'B/C')).to.equal('/A/B/C');
    expect(joinPath('/A', '/B')).to.equal('/A/B');
    expect(isWithin('/A/B', '/A/')).to.equal(true);
    expect(isWithin('/AB', '/A')).to.equal(false);
  });

  it('makes structure paths', () => {
    expect(toStructurePath('/A/3/B/0/C')).to.equal('/A/#/B/#/C');
    expect(toStructurePath('/A/3/')).to.equal('/A/#/');
    expect(toStructurePath('/A1/B2/C3')).to.equal('/A1/B2/C3');
    expect(toStructurePath('/A/#/B')).to.equal('/A/#/B');
  });

  it('repairs what can be repaired', () => {
    expect(repairPath('  A/B/#', 'structure')).to.equal('/A/B/#/');
    expect(repairPath('/A/0', 'instance')).to.equal('/A/0/');
    expect(repairPath('/A/0/B', 'structure')).to.equal('/A/#/B');
  });

  const good: readonly (readonly [string, 'instance' | 'structure'])[] = [
    ['/', 'instance'],
    ['/UPnP/DM/DeviceInfo/', 'instance'],
    ['/A/0/B/4294967294/C', 'instance'],
    ['/X_Vendor/Größe', 'instance'],
    ['/A/#/B/#/', 'structure'],
  ];
  for (const [path, style] of good) {
    it(`takes ${path}`, () => expect(pathProblem(path, style)).to.equal(undefined));
  }

  const bad: readonly (readonly [string, 'instance' | 'structure'])[] = [
    ['', 'instance'],
    ['A/B', 'instance'],
    ['/A/../B', 'instance'],
    ['/A/./B', 'instance'],
    ['/A//B', 'instance'],
    ['/A/01/B', 'instance'],
    ['/A/4294967295/', 'instance'],
    ['/0/A', 'instance'],
    ['/A/0/1/B', 'instance'],
    ['/A/#/B', 'instance'],
    ['/A/0/B', 'structure'],
    ['/A/#', 'structure'],
    ['/A/3', 'instance'],
    ['/A/B C', 'instance'],
    ['/A/a.b', 'instance'],
    ['/A/a:b', 'instance'],
    ['/A/{B="v"}/C', 'instance'],
    [`/${'A/'.repeat(600)}B`, 'instance'],
  ];
  for (const [path, style] of bad) {
    it(`refuses ${path.slice(0, 30)} as ${style}`, () => expect(pathProblem(path, style)).to.be.a('string'));
  }
});
