// Child of store-kill.test.ts: puts increasing counters and prints each one that was acknowledged, until it is killed.
// Standard output is a pipe, so what is written is with the parent when the call returns.
import { silentLogger } from '../../src/platform/logger.ts';
import { openDocumentStore } from '../../src/platform/store/document-store.ts';

const directory = process.argv[2];
if (directory === undefined) throw new Error('the state directory is missing');
const store = await openDocumentStore({ directory, logger: silentLogger, compactionBytes: 4000 });
process.stdout.write('ready\n');
const count = async (key: string): Promise<never> => {
  for (let value = (store.get<number>(key) ?? 0) + 1; ; value += 1) {
    await store.put(key, value);
    process.stdout.write(`${key} ${value}\n`);
  }
};
await Promise.all(['a', 'b', 'c'].map(count));
