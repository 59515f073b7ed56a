import { readFileSync } from 'node:fs';
import { readlink, rename, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { hasCode, StoreError } from './store-error.ts';

export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a directory for this process, so that two daemons never write the same state. The lock is a
 * symbolic link whose target names the owner: created in one step with its content, and without a data block,
 * so that it works on a full disk. The lock of a process that died, or of an earlier boot, is taken over.
 * @throws StoreError when a living process holds it, or the directory is not writable
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = join(directory, 'lock');
  const owner = describeProcess(process.pid);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await symlink(owner, path);
      return {
        release: async () => {
          // Never remove a lock that somebody else took over.
          if ((await readOwner(path)) === owner) await unlink(path).catch(() => undefined);
        },
      };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw new StoreError('cannot lock state directory', directory, error);
    }
    const holder = await readOwner(path);
    if (holder !== undefined && isAlive(holder)) throw lockedBy(directory, holder);
    if (holder !== undefined) await removeStale(directory, path, holder);
  }
  throw new StoreError('cannot lock state directory', directory, new Error('others keep taking it'));
}

/** Renames first: if another process replaced the dead lock meanwhile, its lock is put back. */
async function removeStale(directory: string, path: string, holder: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw new StoreError('cannot lock state directory', directory, error);
  }
  const moved = await readOwner(aside);
  if (moved !== undefined && moved !== holder) {
    await rename(aside, path);
    throw lockedBy(directory, moved);
  }
  await unlink(aside);
}

async function readOwner(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new StoreError('cannot read lock', path, error);
  }
}

function lockedBy(directory: string, owner: string): StoreError {
  const pid = owner.split(':')[0] ?? '?';
  const reason = new Error(`in use by process ${pid} (is another cwmp-proxier running?)`);
  return new StoreError('cannot lock state directory', directory, reason);
}

/** `pid:start time:boot`: a process id alone would match an unrelated process after a reboot. */
function describeProcess(pid: number): string {
  return `${pid}:${startTime(pid) ?? ''}:${bootId()}`;
}

function isAlive(owner: string): boolean {
  const pid = Number(owner.split(':')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
  }
  return describeProcess(pid) === owner;
}

function startTime(pid: number): string | undefined {
  // Field 22; the second field, the command's name, may hold spaces and parentheses.
  const stat = readProc(`/proc/${pid}/stat`);
  return stat
    ?.slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(19);
}

function bootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not Linux: the process id alone decides.
    return undefined;
  }
}
