import { expect } from 'chai';
import { ModelError } from '../../../../src/datamodel/model-error.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { memoryDocumentStore, type DocumentStore } from '../../../../src/platform/store/document-store.ts';
import type { Command } from '../../../../src/proxy/embedded/command-queue.ts';
import { CommandRunner } from '../../../../src/proxy/embedded/command-runner.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { rejection } from '../../datamodel/fake-provider.ts';

const KEY = 'commands';
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A device whose answers the test gives, and a store whose writes wait for the test when it holds them. */
function build() {
  const memory = memoryDocumentStore();
  let held: (() => void)[] | undefined;
  const written: string[] = [];
  const store: DocumentStore = {
    ...memory,
    put: async (key, document) => {
      written.push(JSON.stringify(document));
      await memory.put(key, document);
      if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve));
    },
  };
  const asked: { readonly values: ReadonlyMap<string, string>; readonly answer: (error?: Error) => void }[] =
    [];
  const runner = new CommandRunner({
    store,
    storeKey: KEY,
    clock: new ManualClock(),
    logger: silentLogger,
    send: (values) =>
      new Promise((resolve, reject) => {
        asked.push({ values, answer: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
    changed: () => undefined,
    dropped: () => undefined,
  });
  return {
    runner,
    asked,
    written,
    hold: () => {
      held = [];
    },
    release: async () => {
      const waiting = held ?? [];
      held = undefined;
      for (const resolve of waiting) resolve();
      await turn();
    },
    stored: () =>
      memory.get<{ commands: Command[] }>(KEY)?.commands.map(({ values }) => values[0]?.[1] ?? ''),
  };
}

describe('commands of a device', () => {
  it('do not come back when they are forgotten while one is on its way', async () => {
    const { runner, asked, stored } = build();
    await runner.accept([['/A', '1']]);
    await runner.accept([['/A', '2']]);
    runner.setOnline(true);
    expect(asked).to.have.length(1);
    await runner.forget();
    asked[0]?.answer();
    await turn();
    expect(stored()).to.equal(undefined);
    expect(asked, 'sent after that').to.have.length(1);
  });

  it('are not sent again after a restart when one was carried out while the daemon stopped', async () => {
    const { runner, asked, stored } = build();
    await runner.accept([['/A', '1']]);
    await runner.accept([['/A', '2']]);
    runner.setOnline(true);
    runner.stop();
    asked[0]?.answer();
    await turn();
    expect(stored()).to.deep.equal(['2']);
  });

  it('are never stored as gone without the word of the device that refused one', async () => {
    const { runner, asked, written } = build();
    await runner.accept([['/A', '1']]);
    runner.setOnline(true);
    asked[0]?.answer(new ModelError('invalidValue', 'the device says no'));
    await turn();
    const gone = written.filter((document) => document.includes('"commands":[]'));
    expect(gone).to.have.length(1);
    expect(gone[0]).to.contain('the device says no');
  });

  it('are not accepted when the device leaves before they are durable', async () => {
    const { runner, hold, release, stored } = build();
    hold();
    const accepting = rejection(runner.accept([['/A', '1']]));
    await runner.forget();
    await release();
    expect(await accepting)
      .to.be.instanceOf(ModelError)
      .with.property('kind', 'retryLater');
    expect(stored()).to.equal(undefined);
    expect(await rejection(runner.accept([['/A', '2']])))
      .to.be.instanceOf(ModelError)
      .with.property('kind', 'retryLater');
  });

  it('stay durable when an earlier one is carried out while they are accepted', async () => {
    const { runner, asked, hold, release, stored } = build();
    await runner.accept([['/A', '1']]);
    runner.setOnline(true);
    hold();
    const accepting = runner.accept([['/A', '2']]);
    asked[0]?.answer();
    await turn();
    expect(stored()).to.deep.equal(['2']);
    await release();
    await accepting;
    expect(stored()).to.deep.equal(['2']);
    expect(runner.state.commands).to.have.length(1);
  });

  it('say when they are taken back whether the device may have them', async () => {
    const { runner, asked } = build();
    const takeFirstBack = await runner.accept([['/A', '1']]);
    const takeSecondBack = await runner.accept([['/A', '2']]);
    runner.setOnline(true);
    expect(asked).to.have.length(1);
    expect(await takeSecondBack()).to.equal('takenBack');
    expect(await takeFirstBack()).to.equal('mayBeDone');
  });

  it('keep the next one when the first is taken back just as the device has taken it', async () => {
    const { runner, asked, hold, release } = build();
    const takeBack = await runner.accept([['/A', '1']]);
    await runner.accept([['/A', '2']]);
    runner.setOnline(true);
    hold();
    asked[0]?.answer();
    await turn();
    const takingBack = takeBack();
    await release();
    await takingBack;
    expect(runner.state.commands.map(({ values }) => values[0]?.[1])).to.deep.equal(['2']);
    asked[1]?.answer();
    await turn();
    expect(runner.state).to.deep.include({ commands: [], processed: 'Success' });
  });
});
