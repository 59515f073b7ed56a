/** A write that the ACS was told is accepted (Status 1), waiting for its device. */
export interface Command {
  readonly id: number;
  /** CMS path and value, as the device will get them. */
  readonly values: readonly (readonly [cmsPath: string, value: string])[];
}

/** [TR-181 EmbeddedDevice.CommandProcessed] */
export type CommandProcessed = 'Pending' | 'Retrying' | 'Success' | 'Error';

/**
 * The commands of one device. `idle` = nothing to do, or the device is away; `sending` = the first command is with the device;
 * `waiting` = it gets the command again later.
 */
export interface CommandQueueState {
  readonly phase: 'idle' | 'sending' | 'waiting';
  readonly online: boolean;
  readonly commands: readonly Command[];
  readonly processed: CommandProcessed;
  /** Why the last command was refused; empty when none was. */
  readonly message: string;
  /** Attempts in a row that the device did not answer. */
  readonly failures: number;
}

export type CommandQueueInput =
  | { readonly type: 'queued'; readonly command: Command }
  /** The ACS was told after all that the write failed. */
  | { readonly type: 'takenBack'; readonly id: number }
  | { readonly type: 'online' }
  | { readonly type: 'offline' }
  | { readonly type: 'due' }
  | { readonly type: 'accepted' }
  | { readonly type: 'refused'; readonly message: string }
  /** No usable answer: the device is busy, slow or away. */
  | { readonly type: 'unanswered' }
  /** A write that never had to wait was accepted. */
  | { readonly type: 'written' };

export type CommandQueueEffect =
  | { readonly type: 'send'; readonly command: Command }
  | { readonly type: 'wakeAfter'; readonly seconds: number }
  | { readonly type: 'forgetAlarm' }
  /** The device does not have these values and will not get them. */
  | { readonly type: 'dropped'; readonly command: Command };

export interface CommandQueueStep {
  readonly state: CommandQueueState;
  readonly effects: readonly CommandQueueEffect[];
}

export const EMPTY_COMMAND_QUEUE: CommandQueueState = {
  phase: 'idle',
  online: false,
  commands: [],
  processed: 'Success',
  message: '',
  failures: 0,
};

/** All that was asked for is with the device. */
const DONE = { processed: 'Success', message: '' } as const;

const FIRST_RETRY_SECONDS = 2;
const LONGEST_RETRY_SECONDS = 300;

/** The life of the accepted commands of one device as a pure function: in order, each until the device has decided. */
export function commandQueueTransition(state: CommandQueueState, input: CommandQueueInput): CommandQueueStep {
  switch (input.type) {
    case 'queued':
      return queued(state, input.command);
    case 'takenBack': {
      const wasFirst = state.commands[0]?.id === input.id;
      const commands = state.commands.filter(({ id }) => id !== input.id);
      return settle({ ...state, commands, phase: wasFirst ? 'idle' : state.phase }, []);
    }
    case 'online': {
      const online = { ...state, online: true };
      return state.phase === 'sending' ? { state: online, effects: [] } : sendFirst(online);
    }
    case 'offline':
      return { state: { ...state, online: false, phase: 'idle' }, effects: [{ type: 'forgetAlarm' }] };
    case 'due':
      return state.phase === 'waiting' ? sendFirst(state) : { state, effects: [] };
    case 'accepted':
      return answered(state, state.message, []);
    case 'refused': {
      const [command] = state.commands;
      return answered(state, input.message, command === undefined ? [] : [{ type: 'dropped', command }]);
    }
    case 'unanswered':
      return unanswered(state);
    case 'written':
      return { state: state.commands.length > 0 ? state : { ...state, ...DONE }, effects: [] };
  }
}

function queued(state: CommandQueueState, command: Command): CommandQueueStep {
  const next: CommandQueueState = {
    ...state,
    commands: [...state.commands, command],
    processed: state.processed === 'Retrying' ? 'Retrying' : 'Pending',
    message: state.commands.length === 0 ? '' : state.message,
  };
  // It was tried a moment ago, or others are before it.
  return next.phase === 'idle' && next.online ? wait(next) : { state: next, effects: [] };
}

function sendFirst(state: CommandQueueState): CommandQueueStep {
  const [command] = state.commands;
  if (command === undefined) return { state: { ...state, phase: 'idle' }, effects: [] };
  return {
    state: { ...state, phase: 'sending', processed: 'Retrying' },
    effects: [{ type: 'forgetAlarm' }, { type: 'send', command }],
  };
}

/** The first command is decided; the next one follows at once. */
function answered(
  state: CommandQueueState,
  message: string,
  effects: readonly CommandQueueEffect[],
): CommandQueueStep {
  const commands = state.commands.slice(1);
  return settle({ ...state, phase: 'idle', commands, message, failures: 0 }, effects);
}

function settle(state: CommandQueueState, effects: readonly CommandQueueEffect[]): CommandQueueStep {
  if (state.commands.length === 0) {
    const processed = state.message === '' ? 'Success' : 'Error';
    return { state: { ...state, processed }, effects };
  }
  if (!state.online || state.phase !== 'idle') return { state, effects };
  const next = sendFirst(state);
  return { state: next.state, effects: [...effects, ...next.effects] };
}

function unanswered(state: CommandQueueState): CommandQueueStep {
  if (state.phase !== 'sending') return { state, effects: [] };
  const failed = { ...state, failures: state.failures + 1 };
  return state.online ? wait(failed) : { state: { ...failed, phase: 'idle' }, effects: [] };
}

function wait(state: CommandQueueState): CommandQueueStep {
  const seconds = Math.min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** Math.min(state.failures, 10));
  return { state: { ...state, phase: 'waiting' }, effects: [{ type: 'wakeAfter', seconds }] };
}
