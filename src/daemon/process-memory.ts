import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Resident memory of a process in bytes; undefined when it is gone. */
export async function processMemory(pid: number): Promise<number | undefined> {
  const kilobytes = process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid);
  return kilobytes === undefined ? undefined : kilobytes * 1024;
}

/** As {@link processMemory}, with all that the process has started (Linux; elsewhere the process alone). */
export async function treeMemory(pid: number): Promise<number | undefined> {
  const own = await processMemory(pid);
  if (own === undefined) return undefined;
  const below = await Promise.all((await childrenOf(pid)).map(treeMemory));
  return below.reduce<number>((sum, bytes) => sum + (bytes ?? 0), own);
}

async function childrenOf(pid: number): Promise<number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return [];
    throw error;
  }
}

async function fromProc(pid: number): Promise<number | undefined> {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    return resident === undefined ? undefined : Number(resident);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

async function fromPs(pid: number): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)], { env: { PATH: '/bin:/usr/bin' } });
    return Number(stdout.trim());
  } catch (error) {
    // ps answers 1 for a pid that does not exist.
    if ((error as { code?: unknown }).code === 1) return undefined;
    throw error;
  }
}
