import { ModelError } from '../../datamodel/model-error.ts';
import type { TakeBack } from '../../datamodel/provider.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { modelErrorOf } from '../mapping/error-map.ts';
import {
  commandQueueTransition,
  EMPTY_COMMAND_QUEUE,
  type Command,
  type CommandQueueEffect,
  type CommandQueueInput,
  type CommandQueueState,
} from './command-queue.ts';

/** More than an operator means to leave to a device that is away. */
const MOST_COMMANDS = 64;
const MOST_VALUES = 4096;

export interface CommandRunnerOptions {
  readonly store: DocumentStore;
  /** Where the commands are durable. */
  readonly storeKey: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Gives the device the values. @throws what the CMS client throws */
  readonly send: (values: ReadonlyMap<string, string>) => Promise<void>;
  /** CommandProcessed or its message may be another. */
  readonly changed: () => void;
  /** The device refused the command: its values are not coming. */
  readonly dropped: (command: Command) => void;
}

interface StoredCommands {
  readonly commands: readonly Command[];
  readonly message: string;
}

/** Carries out what the command queue decides for one device; the commands are durable. */
export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  #state: CommandQueueState;
  /** Being made durable: every document that is written meanwhile has to hold them. */
  #accepting: readonly Command[] = [];
  #nextId: number;
  /** The last command that was given to the device; they go in the order of their ids. */
  #lastSent = 0;
  #alarm: Timer | undefined;
  #stopped = false;
  #forgotten = false;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    const { commands, message } = readStored(options.store.get<unknown>(options.storeKey));
    const processed = commands.length > 0 ? 'Pending' : message === '' ? 'Success' : 'Error';
    this.#state = { ...EMPTY_COMMAND_QUEUE, commands, message, processed };
    this.#nextId = Math.max(0, ...commands.map(({ id }) => id)) + 1;
  }

  get state(): CommandQueueState {
    return this.#state;
  }

  /** The value that is on its way to a leaf, if one is. */
  pendingValue(cmsPath: string): string | undefined {
    for (let index = this.#state.commands.length - 1; index >= 0; index -= 1) {
      const found = this.#state.commands[index]?.values.find(([path]) => path === cmsPath);
      if (found !== undefined) return found[1];
    }
    return undefined;
  }

  /**
   * Accepts a command; it is durable when this resolves, with the function that takes it back.
   * @throws ModelError resourcesExceeded, internal, retryLater (the device leaves)
   */
  async accept(values: Command['values']): Promise<TakeBack> {
    this.#refuseWhenForgotten();
    const { commands } = this.#state;
    const waiting = commands.reduce((sum, command) => sum + command.values.length, 0);
    if (commands.length >= MOST_COMMANDS || waiting + values.length > MOST_VALUES) {
      throw new ModelError('resourcesExceeded', 'too many commands wait for this device');
    }
    const command: Command = { id: this.#nextId, values };
    this.#nextId += 1;
    await this.#makeDurable(command);
    this.#input({ type: 'queued', command });
    return async () => {
      const wasSent = this.#lastSent >= command.id;
      this.#input({ type: 'takenBack', id: command.id });
      await this.#save(this.#state.commands);
      return wasSent ? 'mayBeDone' : 'takenBack';
    };
  }

  async #makeDurable(command: Command): Promise<void> {
    const done = (): void => {
      this.#accepting = this.#accepting.filter((other) => other !== command);
    };
    this.#accepting = [...this.#accepting, command];
    try {
      await this.#save(this.#state.commands);
    } catch (error) {
      done();
      throw new ModelError('internal', 'the command could not be stored', undefined, { cause: error });
    }
    // It left meanwhile, and its commands with it: nobody must be told that this one is accepted.
    this.#refuseWhenForgotten();
    if (!this.#stopped) done();
  }

  /** A write was accepted by the device at once. */
  written(): void {
    this.#input({ type: 'written' });
    this.#saveInBackground();
  }

  setOnline(online: boolean): void {
    if (this.#state.online !== online || online) this.#input({ type: online ? 'online' : 'offline' });
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm?.cancel();
  }

  /** The device is no longer exposed in this way: what waits for it is void, and nothing is stored any more. */
  async forget(): Promise<void> {
    this.stop();
    this.#forgotten = true;
    await this.#options.store.delete(this.#options.storeKey);
  }

  #refuseWhenForgotten(): void {
    if (this.#forgotten) throw new ModelError('retryLater', 'the device is about to be shown in another way');
  }

  #input(input: CommandQueueInput): void {
    if (this.#stopped) return;
    const before = this.#state;
    const { state, effects } = commandQueueTransition(before, input);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    if (before.processed !== state.processed || before.message !== state.message) this.#options.changed();
  }

  #perform(effect: CommandQueueEffect): void {
    switch (effect.type) {
      case 'send':
        void this.#send(effect.command);
        return;
      case 'wakeAfter':
        this.#alarm?.cancel();
        this.#alarm = this.#options.clock.schedule(effect.seconds * 1000, () => {
          this.#input({ type: 'due' });
        });
        return;
      case 'forgetAlarm':
        this.#alarm?.cancel();
        return;
      case 'dropped':
        this.#options.dropped(effect.command);
        return;
    }
  }

  async #send(command: Command): Promise<void> {
    const { send, logger } = this.#options;
    let input: CommandQueueInput;
    this.#lastSent = command.id;
    try {
      await send(new Map(command.values));
      input = { type: 'accepted' };
      logger.info('queued command carried out', { parameters: command.values.length });
    } catch (error) {
      const reason = modelErrorOf(error);
      if (reason.kind === 'retryLater') {
        input = { type: 'unanswered' };
        logger.info('queued command not answered, trying again', { reason: reason.message });
      } else {
        const paths = command.values.map(([path]) => path).join(', ');
        input = { type: 'refused', message: `${reason.message} (${paths})`.slice(0, 1024) };
        logger.warn('queued command refused by the device', { reason: reason.message, paths });
      }
    }
    const isFirst = (): boolean => this.#state.commands[0]?.id === command.id;
    // Taken back, or the device left, while it was on its way: what the device decided is the truth all the same.
    if (!isFirst()) return;
    if (input.type !== 'unanswered') {
      // One write for both: after a crash between two a refused command would be shown as carried out.
      const message = input.type === 'refused' ? input.message : this.#state.message;
      await this.#save(this.#state.commands.slice(1), message).catch(() => undefined);
    }
    // Once stopped the state keeps what is carried out: it must not be stored again.
    if (this.#stopped || !isFirst()) return;
    this.#input(input);
    if (input.type !== 'unanswered') this.#saveInBackground();
  }

  #saveInBackground(): void {
    this.#save(this.#state.commands).catch((error: unknown) => {
      this.#options.logger.error('commands were not stored', { error: String(error) });
    });
  }

  async #save(commands: readonly Command[], message = this.#state.message): Promise<void> {
    if (this.#forgotten) return;
    const { store, storeKey } = this.#options;
    const document: StoredCommands = { commands: [...commands, ...this.#accepting], message };
    if (JSON.stringify(readStored(store.get<unknown>(storeKey))) === JSON.stringify(document)) return;
    await store.put(storeKey, document);
  }
}

function readStored(stored: unknown): StoredCommands {
  if (typeof stored !== 'object' || stored === null) return { commands: [], message: '' };
  const { commands, message } = stored as { commands?: unknown; message?: unknown };
  return {
    commands: Array.isArray(commands) ? commands.filter(isCommand) : [],
    message: typeof message === 'string' ? message : '',
  };
}

function isCommand(stored: unknown): stored is Command {
  if (typeof stored !== 'object' || stored === null) return false;
  const { id, values } = stored as { id?: unknown; values?: unknown };
  return (
    typeof id === 'number' &&
    Array.isArray(values) &&
    values.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string')
  );
}
