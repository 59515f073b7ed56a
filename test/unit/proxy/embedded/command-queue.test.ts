import { expect } from 'chai';
import fc from 'fast-check';
import {
  commandQueueTransition,
  EMPTY_COMMAND_QUEUE,
  type Command,
  type CommandQueueEffect,
  type CommandQueueInput,
  type CommandQueueState,
} from '../../../../src/proxy/embedded/command-queue.ts';

const command = (id: number): Command => ({ id, values: [[`/A/${id}`, 'x']] });
const queued = (id: number): CommandQueueInput => ({ type: 'queued', command: command(id) });
const refused: CommandQueueInput = { type: 'refused', message: 'no' };
const online: CommandQueueInput = { type: 'online' };
const offline: CommandQueueInput = { type: 'offline' };
const accepted: CommandQueueInput = { type: 'accepted' };
const unanswered: CommandQueueInput = { type: 'unanswered' };
const due: CommandQueueInput = { type: 'due' };

function run(...inputs: readonly CommandQueueInput[]): {
  state: CommandQueueState;
  effects: CommandQueueEffect[];
} {
  let state = EMPTY_COMMAND_QUEUE;
  const effects: CommandQueueEffect[] = [];
  for (const input of inputs) {
    const step = commandQueueTransition(state, input);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

/** As one word each: `send 1`, `wake 2`, `drop 1`. */
function words(effects: readonly CommandQueueEffect[]): string[] {
  return effects.flatMap((effect) => {
    switch (effect.type) {
      case 'send':
        return [`send ${effect.command.id}`];
      case 'wakeAfter':
        return [`wake ${effect.seconds}`];
      case 'dropped':
        return [`drop ${effect.command.id}`];
      case 'forgetAlarm':
        return [];
    }
  });
}

interface Case {
  readonly name: string;
  readonly inputs: readonly CommandQueueInput[];
  readonly effects: readonly string[];
  readonly processed: CommandQueueState['processed'];
  readonly message?: string;
  readonly left?: readonly number[];
}

const CASES: readonly Case[] = [
  {
    name: 'keeps a command for a device that is away',
    inputs: [queued(1)],
    effects: [],
    processed: 'Pending',
    left: [1],
  },
  {
    name: 'sends it when the device is back',
    inputs: [queued(1), online],
    effects: ['send 1'],
    processed: 'Retrying',
    left: [1],
  },
  {
    name: 'is done when the device accepts',
    inputs: [queued(1), online, accepted],
    effects: ['send 1'],
    processed: 'Success',
  },
  {
    name: 'keeps the order',
    inputs: [queued(1), queued(2), online, accepted, accepted],
    effects: ['send 1', 'send 2'],
    processed: 'Success',
  },
  {
    name: 'does not repeat at once what was not answered a moment ago',
    inputs: [online, queued(1)],
    effects: ['wake 2'],
    processed: 'Pending',
    left: [1],
  },
  {
    name: 'waits longer each time',
    inputs: [online, queued(1), due, unanswered, due, unanswered],
    effects: ['wake 2', 'send 1', 'wake 4', 'send 1', 'wake 8'],
    processed: 'Retrying',
    left: [1],
  },
  {
    name: 'says why the device refused, and goes on with the next',
    inputs: [queued(1), queued(2), online, refused],
    effects: ['send 1', 'drop 1', 'send 2'],
    processed: 'Retrying',
    message: 'no',
    left: [2],
  },
  {
    name: 'ends in Error when one was refused',
    inputs: [queued(1), queued(2), online, refused, accepted],
    effects: ['send 1', 'drop 1', 'send 2'],
    processed: 'Error',
    message: 'no',
  },
  {
    name: 'forgets the error with the next command',
    inputs: [queued(1), online, refused, queued(2), due, accepted],
    effects: ['send 1', 'drop 1', 'wake 2', 'send 2'],
    processed: 'Success',
  },
  {
    name: 'forgets the error with a write that did not have to wait',
    inputs: [queued(1), online, refused, { type: 'written' }],
    effects: ['send 1', 'drop 1'],
    processed: 'Success',
  },
  {
    name: 'is not done by a write beside a command that waits',
    inputs: [online, queued(1), { type: 'written' }],
    effects: ['wake 2'],
    processed: 'Pending',
    left: [1],
  },
  {
    name: 'stops when the device leaves, and begins anew when it returns',
    inputs: [queued(1), online, offline, unanswered, online],
    effects: ['send 1', 'send 1'],
    processed: 'Retrying',
    left: [1],
  },
  {
    name: 'sends nothing that was taken back',
    inputs: [queued(1), queued(2), { type: 'takenBack', id: 1 }, online],
    effects: ['send 2'],
    processed: 'Retrying',
    left: [2],
  },
  {
    name: 'has nothing to do when all is taken back',
    inputs: [online, queued(1), { type: 'takenBack', id: 1 }, due],
    effects: ['wake 2'],
    processed: 'Success',
  },
];

describe('command queue', () => {
  for (const { name, inputs, effects, processed, message = '', left = [] } of CASES) {
    it(name, () => {
      const outcome = run(...inputs);
      expect(words(outcome.effects)).to.deep.equal(effects);
      expect(outcome.state.processed).to.equal(processed);
      expect(outcome.state.message).to.equal(message);
      expect(outcome.state.commands.map(({ id }) => id)).to.deep.equal(left);
    });
  }

  it('never waits longer than five minutes', () => {
    const tries = Array.from({ length: 20 }, () => [due, unanswered]).flat();
    const waits = run(online, queued(1), ...tries).effects.flatMap((effect) =>
      effect.type === 'wakeAfter' ? [effect.seconds] : [],
    );
    expect(Math.max(...waits)).to.equal(300);
    expect(waits).to.deep.equal([...waits].sort((a, b) => a - b));
  });

  it('decides each command once, in order, whatever happens', () => {
    const happening = fc.constantFrom<CommandQueueInput['type']>(
      'queued',
      'online',
      'offline',
      'due',
      'accepted',
      'refused',
      'unanswered',
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (types) => {
        let state = EMPTY_COMMAND_QUEUE;
        let next = 1;
        const decided: number[] = [];
        for (const type of types) {
          // The device answers only what it was sent.
          const isAnswer = type === 'accepted' || type === 'refused' || type === 'unanswered';
          if (isAnswer && state.phase !== 'sending') continue;
          const first = state.commands[0]?.id;
          if ((type === 'accepted' || type === 'refused') && first !== undefined) decided.push(first);
          const input =
            type === 'queued'
              ? queued(next++)
              : type === 'refused'
                ? refused
                : ({ type } as CommandQueueInput);
          const step = commandQueueTransition(state, input);
          state = step.state;
          for (const effect of step.effects) {
            if (effect.type === 'send') expect(effect.command.id).to.equal(state.commands[0]?.id);
          }
          // Nothing waits without somebody who will wake it.
          if (state.commands.length > 0 && state.online) expect(state.phase).to.not.equal('idle');
        }
        const expected = Array.from({ length: next - 1 }, (_, index) => index + 1);
        expect([...decided, ...state.commands.map(({ id }) => id)]).to.deep.equal(expected);
      }),
      { numRuns: 500 },
    );
  });
});
