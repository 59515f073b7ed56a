import { expect } from 'chai';

import { startExchange, stepExchange } from '../../../../src/cwmp/session/exchange.ts';
import type { ExchangeInput } from '../../../../src/cwmp/session/exchange.ts';

const answered = (
  status: number,
  more: Partial<Extract<ExchangeInput, { type: 'answered' }>> = {},
): ExchangeInput => ({
  type: 'answered',
  status,
  location: undefined,
  challenge: undefined,
  empty: false,
  envelope: false,
  text: '',
  ...more,
});

function run(inputs: readonly ExchangeInput[], { first = false, url = 'https://acs/x' } = {}): string {
  let state = startExchange(new URL(url), first);
  let last = '';
  for (const input of inputs) {
    const step = stepExchange(state, input);
    last = step.type === 'send' ? `send ${step.state.url.href}` : step.type;
    if (step.type === 'send') state = step.state;
    else break;
  }
  return last;
}

describe('cwmp/session/exchange', () => {
  const lost: ExchangeInput = { type: 'broke', lost: true, reason: 'closed' };
  const table: readonly [string, readonly ExchangeInput[], string, { first?: boolean; url?: string }?][] = [
    ['delivers 200', [answered(200)], 'deliver'],
    ['takes 204 and an empty 200 as empty', [answered(200, { empty: true })], 'empty'],
    ['fails on 400', [answered(400)], 'fail'],
    ['resends once when the connection was lost', [lost], 'send https://acs/x'],
    ['but not twice', [lost, lost], 'fail'],
    ['and never the Inform', [lost], 'fail', { first: true }],
    [
      'but resends it when the ACS closed after its challenge',
      [answered(401, { challenge: 'answerable' }), lost],
      'send https://acs/x',
      { first: true },
    ],
    ['once', [answered(401, { challenge: 'answerable' }), lost, lost], 'fail', { first: true }],
    [
      'with a fresh nonce where that belonged to the connection',
      [answered(401, { challenge: 'answerable' }), lost, answered(401, { challenge: 'answerable' })],
      'send https://acs/x',
      { first: true },
    ],
    [
      'though not for ever',
      [
        answered(401, { challenge: 'answerable' }),
        lost,
        answered(401, { challenge: 'answerable' }),
        answered(401, { challenge: 'answerable' }),
      ],
      'fail',
      { first: true },
    ],
    [
      'and when it closed after a redirect to itself',
      [answered(307, { location: '/y' }), lost],
      'send https://acs/y',
      { first: true },
    ],
    [
      'not when a server that the ACS named is lost',
      [answered(307, { location: 'https://b/y' }), lost],
      'fail',
      { first: true },
    ],
    ['delivers a fault that comes with 500', [answered(500, { envelope: true })], 'deliver'],
    ['fails on 500 without one', [answered(500)], 'fail'],
    ['fails on a timeout', [{ type: 'broke', lost: false, reason: 'timeout' }], 'fail'],
    ['follows 302', [answered(302, { location: 'https://b/y' })], 'send https://b/y'],
    ['resolves a relative Location', [answered(307, { location: 'z' })], 'send https://acs/z'],
    ['never from https to http', [answered(307, { location: 'http://b/y' })], 'fail'],
    ['not without Location', [answered(302)], 'fail'],
    ['nor to another scheme', [answered(302, { location: 'ftp://b/y' })], 'fail'],
    ['not 301', [answered(301, { location: 'https://b/y' })], 'fail'],
    [
      'refuses the sixth redirect',
      Array.from({ length: 6 }, () => answered(302, { location: '/y' })),
      'fail',
    ],
    ['answers a challenge', [answered(401, { challenge: 'answerable' })], 'send https://acs/x'],
    [
      'does not loop on a wrong password',
      [answered(401, { challenge: 'answerable' }), answered(401, { challenge: 'answerable' })],
      'fail',
    ],
    [
      'takes a fresh nonce once',
      [answered(401, { challenge: 'answerable' }), answered(401, { challenge: 'stale' })],
      'send https://acs/x',
    ],
    [
      'but not for ever',
      [
        answered(401, { challenge: 'stale' }),
        answered(401, { challenge: 'stale' }),
        answered(401, { challenge: 'stale' }),
      ],
      'fail',
    ],
    ['gives up without a challenge', [answered(401)], 'fail'],
    [
      'answers the challenge of the server it was sent to',
      [
        answered(401, { challenge: 'answerable' }),
        answered(302, { location: 'https://b/y' }),
        answered(401, { challenge: 'answerable' }),
      ],
      'send https://b/y',
    ],
  ];
  for (const [name, inputs, expected, options] of table) {
    it(name, () => expect(run(inputs, options)).to.equal(expected));
  }
});
