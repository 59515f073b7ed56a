import { expect } from 'chai';
import { DocumentSettingsStore } from '../../../src/device2/settings-store.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import type { DocumentStore } from '../../../src/platform/store/document-store.ts';
import { DEFAULT_SETTINGS } from './local-device.ts';

/** A store that counts its writes and can be made to fail. */
function watchedStore(): { store: DocumentStore; puts: unknown[]; failing: { with?: Error } } {
  const inner = memoryDocumentStore();
  const puts: unknown[] = [];
  const failing: { with?: Error } = {};
  const store: DocumentStore = {
    get: (key) => inner.get(key),
    keys: (prefix) => inner.keys(prefix),
    put: async (key, document) => {
      puts.push(document);
      if (failing.with !== undefined) throw failing.with;
      await inner.put(key, document);
    },
    delete: (key) => inner.delete(key),
    close: () => inner.close(),
  };
  return { store, puts, failing };
}

describe('DocumentSettingsStore', () => {
  it('keeps what was written over a restart, and leaves the rest to the config', async () => {
    const { store } = watchedStore();
    await new DocumentSettingsStore(store, 'k', DEFAULT_SETTINGS).update({ url: 'http://new/' });
    const settings = new DocumentSettingsStore(store, 'k', {
      ...DEFAULT_SETTINGS,
      url: 'http://x/',
      username: 'u2',
    });
    expect(settings.current).to.include({ url: 'http://new/', username: 'u2' });
    expect(settings.written).to.deep.equal({ url: 'http://new/' });
  });

  it('writes the changes of one tick once, before it tells', async () => {
    const { store, puts } = watchedStore();
    const settings = new DocumentSettingsStore(store, 'k', DEFAULT_SETTINGS);
    const seen: [string, string][] = [];
    settings.onChange(() => {
      throw new Error('defect');
    });
    settings.onChange((current, previous) => seen.push([current.url, previous.url]));
    const done = Promise.all([settings.update({ url: 'http://a/' }), settings.update({ username: 'u' })]);
    expect(settings.current.url).to.equal(DEFAULT_SETTINGS.url);
    await done;
    expect(puts).to.deep.equal([{ url: 'http://a/', username: 'u' }]);
    expect(seen).to.deep.equal([['http://a/', DEFAULT_SETTINGS.url]]);
    await settings.update({ url: 'http://a/' });
    expect(puts).to.have.length(1);
  });

  it('changes nothing when the disk refuses, and works again after it', async () => {
    const { store, failing } = watchedStore();
    const settings = new DocumentSettingsStore(store, 'k', DEFAULT_SETTINGS);
    failing.with = new Error('disk full');
    const results = await Promise.allSettled([
      settings.update({ url: 'a' }),
      settings.update({ username: 'b' }),
    ]);
    expect(results.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    expect(settings.current).to.deep.equal(DEFAULT_SETTINGS);
    delete failing.with;
    await settings.update({ username: 'c' });
    expect(settings.current).to.deep.equal({ ...DEFAULT_SETTINGS, username: 'c' });
  });

  it('ignores stored values of the wrong type', async () => {
    const { store } = watchedStore();
    await store.put('k', { url: 7, periodicInformInterval: '5', enableCwmp: false, other: 1 });
    const settings = new DocumentSettingsStore(store, 'k', DEFAULT_SETTINGS);
    expect(settings.current).to.deep.equal({ ...DEFAULT_SETTINGS, enableCwmp: false });
  });

  it('goes back to the defaults', async () => {
    const { store } = watchedStore();
    const settings = new DocumentSettingsStore(store, 'k', DEFAULT_SETTINGS);
    await settings.update({ url: 'http://a/' });
    await settings.reset();
    expect(settings.current).to.deep.equal(DEFAULT_SETTINGS);
    expect(new DocumentSettingsStore(store, 'k', DEFAULT_SETTINGS).current).to.deep.equal(DEFAULT_SETTINGS);
  });
});
