import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { silentLogger } from '../../../../src/platform/logger.ts';
import type { LogFields, Logger } from '../../../../src/platform/logger.ts';
import { memoryDocumentStore, openDocumentStore } from '../../../../src/platform/store/document-store.ts';
import type { DocumentStore } from '../../../../src/platform/store/document-store.ts';
import { waitFor } from '../../../support/wait-for.ts';

interface Warning {
  readonly message: string;
  readonly fields: LogFields;
}

function recordingLogger(warnings: Warning[], errors: Warning[]): Logger {
  return {
    ...silentLogger,
    error: (message, fields = {}) => void errors.push({ message, fields }),
    warn: (message, fields = {}) => void warnings.push({ message, fields }),
  };
}

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('should have failed');
}

describe('document store', () => {
  let parent: string;
  let directory: string;
  let warnings: Warning[];
  let errors: Warning[];
  const opened: DocumentStore[] = [];

  const openStore = async (compactionBytes?: number): Promise<DocumentStore> => {
    const logger = recordingLogger(warnings, errors);
    const store = await openDocumentStore({
      directory,
      logger,
      ...(compactionBytes === undefined ? {} : { compactionBytes }),
    });
    opened.push(store);
    return store;
  };
  const files = (kind: string): string[] =>
    readdirSync(directory)
      .filter((name) => name.startsWith(kind))
      .sort();
  /** Puts until a compaction has left a snapshot of that generation. */
  const compactOnce = async (store: DocumentStore, generation: number): Promise<void> => {
    for (let index = 0; !existsSync(join(directory, `snapshot.${generation}`)); index += 1) {
      await store.put('filler', 'x'.repeat(200) + String(index));
      if (index > 1000) throw new Error('never compacted');
    }
  };

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'store-test-'));
    directory = join(parent, 'state');
    warnings = [];
    errors = [];
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await rm(parent, { recursive: true, force: true });
  });

  it('keeps documents over a restart', async () => {
    const first = await openStore();
    await Promise.all([
      first.put('a/1', { text: 'ä\n"', list: [1, null] }),
      first.put('a/2', 2),
      first.put('b', 3),
    ]);
    await first.delete('b');
    await first.close();
    const second = await openStore();
    expect(second.keys('a/')).to.deep.equal(['a/1', 'a/2']);
    expect(second.get('a/1')).to.deep.equal({ text: 'ä\n"', list: [1, null] });
    expect(second.get('b')).to.equal(undefined);
    expect(warnings).to.deep.equal([]);
  });

  it('shows a put at once and does not follow later changes of the caller’s object', async () => {
    const store = await openStore();
    const document = { count: 1 };
    const done = store.put('k', document);
    document.count = 2;
    expect(store.get('k')).to.deep.equal({ count: 1 });
    expect(store.keys('')).to.deep.equal(['k']);
    await done;
    expect(store.get('k')).to.deep.equal({ count: 1 });
  });

  it('keeps secrets from other users', async () => {
    const store = await openStore();
    await store.put('k', 'secret');
    expect(statSync(directory).mode & 0o777).to.equal(0o700);
    expect(statSync(join(directory, 'journal.0')).mode & 0o777).to.equal(0o600);
    await store.close();
    const small = await openStore(1);
    await compactOnce(small, 1);
    expect(statSync(join(directory, 'snapshot.1')).mode & 0o777).to.equal(0o600);
  });

  for (const [name, damage] of [
    ['torn', (path: string) => appendFile(path, '01234567 {"key":"x","docum')],
    ['cut short', (path: string) => truncate(path, statSync(path).size - 3)],
    ['bit-flipped', (path: string) => flip(path, statSync(path).size - 6)],
    ['followed by zeros', (path: string) => appendFile(path, Buffer.alloc(4096))],
    ['followed by binary junk', (path: string) => appendFile(path, Buffer.from([0xff, 0xfe, 0x0a, 0, 0x0a]))],
  ] as const) {
    it(`restores the last good records of a journal whose tail is ${name}`, async () => {
      const first = await openStore();
      await first.put('kept', 1);
      const goodLength = statSync(join(directory, 'journal.0')).size;
      await first.put('last', 'x');
      await first.close();
      await damage(join(directory, 'journal.0'));
      const second = await openStore();
      expect(second.get('kept')).to.equal(1);
      expect(warnings[0]?.fields.file).to.equal(join(directory, 'journal.0'));
      expect(warnings[0]?.fields.offset).to.be.at.least(goodLength);
      await second.put('after', 2);
      await second.close();
      const third = await openStore();
      expect([third.get('kept'), third.get('after')]).to.deep.equal([1, 2]);
    });
  }

  it('keeps the good records behind a damaged one', async () => {
    const first = await openStore();
    await first.put('a', 1);
    await first.put('b', 2);
    await first.put('c', 3);
    await first.close();
    await flip(join(directory, 'journal.0'), 30);
    const second = await openStore();
    expect(second.get('c')).to.equal(3);
    expect(warnings).to.have.length(1);
  });

  it('rewrites the journal as a snapshot and keeps one generation before', async () => {
    const store = await openStore(2000);
    await store.put('kept', 'value');
    for (const generation of [1, 2, 3]) await compactOnce(store, generation);
    await waitFor(() => files('snapshot').length === 2 && files('journal').length === 2, 'old files removed');
    expect(files('snapshot')).to.deep.equal(['snapshot.2', 'snapshot.3']);
    await store.close();
    expect((await openStore()).get('kept')).to.equal('value');
    expect(warnings).to.deep.equal([]);
  });

  for (const [name, damage] of [
    ['bit-flipped', (path: string) => flip(path, 60)],
    ['cut short', (path: string) => truncate(path, statSync(path).size - 20)],
    ['empty', (path: string) => writeFile(path, '')],
  ] as const) {
    it(`falls back to the snapshot before a ${name} one and loses nothing`, async () => {
      const first = await openStore(2000);
      await first.put('early', 1);
      await compactOnce(first, 1);
      await first.put('middle', 2);
      await compactOnce(first, 2);
      await first.put('late', 3);
      await first.close();
      await damage(join(directory, 'snapshot.2'));
      const second = await openStore(2000);
      expect(['early', 'middle', 'late'].map((key) => second.get(key))).to.deep.equal([1, 2, 3]);
      expect(warnings.map(({ fields }) => fields.file)).to.include(join(directory, 'snapshot.2'));
      await compactOnce(second, 3);
      await second.close();
      const third = await openStore();
      expect(['early', 'middle', 'late'].map((key) => third.get(key))).to.deep.equal([1, 2, 3]);
    });
  }

  it('refuses a put that a full disk cannot take, names the file, and takes the next', async () => {
    const store = await openStore();
    symlinkSync('/dev/full', join(directory, 'journal.0'));
    expect(await failure(store.put('k', 1))).to.equal(
      `cannot write ${join(directory, 'journal.0')}: ENOSPC: no space left on device`,
    );
    expect(store.get('k')).to.equal(undefined);
    await unlink(join(directory, 'journal.0'));
    await store.put('k', 2);
    await store.close();
    expect((await openStore()).get('k')).to.equal(2);
  });

  for (const kind of ['snapshot', 'journal'] as const) {
    it(`does without a ${kind} that the disk cannot give any more`, async () => {
      const first = await openStore(500);
      await compactOnce(first, 2);
      await first.put('late', 1);
      await first.close();
      const [file = ''] = files(kind).slice(-1);
      await rm(join(directory, file));
      // A directory in its place cannot be read, like a bad sector.
      await mkdir(join(directory, file));
      const second = await openStore();
      expect(warnings.map(({ message }) => message)).to.include('state file cannot be read, it is left out');
      expect(second.get('filler')).to.be.a('string');
      await second.put('new', 2);
      await second.close();
      expect((await openStore()).get('new')).to.equal(2);
    });
  }

  /** Puts `parent` on a file system of its own, which only root can. */
  const mounted = async (options: string, test: () => Promise<void>): Promise<boolean> => {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', parent]).status !== 0) {
      console.log('      skipped: only root can mount a file system'); // eslint-disable-line no-console
      return false;
    }
    try {
      await test();
    } finally {
      await Promise.all(opened.splice(0).map((store) => store.close()));
      spawnSync('umount', [parent]);
    }
    return true;
  };
  const remount = (how: 'ro' | 'rw'): void => {
    expect(spawnSync('mount', ['-o', `remount,${how}`, parent]).status).to.equal(0);
  };

  it('is read, and refuses writes, on a read-only file system until that takes them again', async function () {
    const isDone = await mounted('size=1m', async () => {
      const first = await openStore();
      await first.put('k', 1);
      await first.close();
      remount('ro');
      const second = await openStore();
      expect(second.get('k')).to.equal(1);
      expect(errors.map(({ message }) => message)).to.deep.equal([
        'state cannot be written: what the ACS sets is refused, events are forgotten at the next stop',
      ]);
      expect(await failure(second.put('k', 2))).to.match(/read-only file system/);
      expect(second.get('k')).to.equal(1);
      expect(second.problem).to.contain(directory);
      remount('rw');
      await second.put('k', 3);
      expect(second.problem).to.equal(undefined);
      await second.close();
      expect((await openStore()).get('k')).to.equal(3);
    });
    if (!isDone) this.skip();
  });

  it('takes nothing more while a real disk is full, and everything afterwards', async function () {
    const isDone = await mounted('size=64k', async () => {
      const first = await openStore();
      await first.put('k', 1);
      await writeFile(join(parent, 'fill'), Buffer.alloc(60_000)).catch(() => undefined);
      expect(await failure(first.put('big', 'x'.repeat(60_000)))).to.match(/ENOSPC/);
      await first.close();
      const second = await openStore();
      expect([second.get('k'), second.get('big')]).to.deep.equal([1, undefined]);
      await unlink(join(parent, 'fill'));
      await second.put('k', 2);
      await second.close();
      expect((await openStore()).get('k')).to.equal(2);
    });
    if (!isDone) this.skip();
  });

  it('writes everything anew when somebody removed the journal between two failures', async () => {
    const first = await openStore();
    await first.put('k', 1);
    await first.close();
    const second = await openStore();
    await unlink(join(directory, 'journal.0'));
    await second.put('other', 2);
    await second.close();
    const third = await openStore();
    expect([third.get('k'), third.get('other')]).to.deep.equal([1, 2]);
  });

  it('refuses a directory that cannot be created, with its path', async () => {
    await writeFile(join(parent, 'file'), '');
    const impossible = join(parent, 'file', 'state');
    const message = await failure(openDocumentStore({ directory: impossible, logger: silentLogger }));
    expect(message).to.match(/^cannot create state directory .*file\/state: ENOTDIR/);
  });

  it('is used by one process at a time, and a dead one does not count', async () => {
    const store = await openStore();
    expect(await failure(openDocumentStore({ directory, logger: silentLogger }))).to.equal(
      `cannot lock state directory ${directory}: in use by process ${process.pid} (is another cwmp-proxier running?)`,
    );
    await store.close();
    const dead = execFileSync(process.execPath, ['-e', 'console.log(process.pid)'], {
      encoding: 'utf8',
    }).trim();
    symlinkSync(`${dead}:1:some-boot`, join(directory, 'lock'));
    await (await openStore()).close();
    // After a reboot the number belongs to another process: here, to ourselves.
    symlinkSync(`${process.pid}:1:other-boot`, join(directory, 'lock'));
    await (await openStore()).close();
    expect(files('lock')).to.deep.equal([]);
  });

  it('refuses writes after close and documents without JSON form', async () => {
    const store = await openStore();
    expect(await failure(store.put('k', undefined))).to.contain('no JSON form');
    await store.close();
    expect(await failure(store.put('k', 1))).to.contain('closed');
  });

  it('has an equal in memory', async () => {
    const store = memoryDocumentStore();
    const document = { count: 1 };
    await store.put('b', document);
    await store.put('a', 1);
    document.count = 2;
    expect(store.keys('')).to.deep.equal(['a', 'b']);
    expect(store.get('b')).to.deep.equal({ count: 1 });
    await store.delete('b');
    expect(store.get('b')).to.equal(undefined);
  });

  async function flip(path: string, offset: number): Promise<void> {
    const data = await readFile(path);
    data[offset] = (data[offset] ?? 0) ^ 0x04;
    await writeFile(path, data);
    expect(readFileSync(path)).to.have.length(data.length);
  }
});
