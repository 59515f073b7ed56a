import { expect } from 'chai';

import { CookieJar } from '../../../../src/platform/http/cookie-jar.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describe('platform/http/cookie-jar', () => {
  const cases: readonly [string, string, string, string | undefined][] = [
    ['a=1', 'http://acs.test/x/y', 'http://acs.test/x/z', 'a=1'],
    ['a=1', 'http://acs.test/x/y', 'http://acs.test/z', undefined],
    ['a=1; Path=/', 'http://acs.test/x', 'http://other.test/', undefined],
    ['a=1; Path=/; Domain=acs.test', 'http://w.acs.test/', 'http://v.acs.test/', 'a=1'],
    ['a=1; Domain=test', 'http://acs.test/', 'http://acs.test/', undefined],
    ['a=1; Domain=foreign.test', 'http://acs.test/', 'http://acs.test/', undefined],
    ['a=1; Secure; Path=/', 'https://acs.test/', 'http://acs.test/', undefined],
    ['a=1; Max-Age=0', 'http://acs.test/', 'http://acs.test/', undefined],
    ['a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'http://acs.test/', 'http://acs.test/', undefined],
    ['a=1; Expires=Wed, 31 Dec 2025 23:59:59 GMT', 'http://acs.test/', 'http://acs.test/', undefined],
    ['a=1; Expires=Thu, 01 Jan 2026 00:00:01 GMT', 'http://acs.test/', 'http://acs.test/', 'a=1'],
    ['a=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'http://acs.test/', 'http://acs.test/', 'a=1'],
    ['a=1; Expires=never', 'http://acs.test/', 'http://acs.test/', 'a=1'],
    ['a=x=y; HttpOnly', 'http://acs.test/', 'http://acs.test/', 'a=x=y'],
    [`a=${'v'.repeat(512)}`, 'http://127.0.0.1/', 'http://127.0.0.1/', `a=${'v'.repeat(512)}`],
  ];
  for (const [header, from, to, expected] of cases) {
    it(`${header.slice(0, 40)} from ${from} for ${to}`, () => {
      const jar = new CookieJar(new ManualClock());
      jar.store(new URL(from), [header]);
      expect(jar.header(new URL(to))).to.equal(expected);
    });
  }
});
