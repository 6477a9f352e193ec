import { existsSync } from 'node:fs';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** Who listens on a port, as far as can be told. */
export interface PortHolder {
  /** Id of the user whose socket it is. */
  readonly uid: number;
  /** Absent when the process belongs to someone else and we may not look. */
  readonly process?: { readonly pid: number; readonly name: string; readonly path: string };
}

const LISTEN = '0A';

/** Finds the listener on a TCP port by /proc (Linux). Undefined elsewhere, or when there is none. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    // Not there on other systems, or where IPv6 is off.
    if (!existsSync(table)) continue;
    const socket = listeningSocket(await readFile(table, 'utf8'), port);
    if (socket === undefined) continue;
    const owner = await socketOwner(socket.inode);
    return { uid: socket.uid, ...(owner === undefined ? {} : { process: owner }) };
  }
  return undefined;
}

/** "node (pid 123, /usr/bin/node)", or what else is known. */
export function describeHolder(holder: PortHolder | undefined): string {
  if (holder === undefined) return 'another program';
  if (holder.process === undefined) return `a process of the user with id ${holder.uid}`;
  const { name, pid, path } = holder.process;
  return `${name} (pid ${pid}, ${path})`;
}

/** Columns of proc(5): 1 local address, 3 state, 7 uid, 9 inode. */
function listeningSocket(table: string, port: number): { inode: string; uid: number } | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    const inode = columns[9];
    if (columns[3] === LISTEN && columns[1]?.endsWith(suffix) === true && inode !== undefined) return { inode, uid: Number(columns[7]) };
  }
  return undefined;
}

async function socketOwner(inode: string): Promise<PortHolder['process']> {
  const wanted = `socket:[${inode}]`;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await listOr(`/proc/${pid}/fd`)) {
      if ((await linkOr(`/proc/${pid}/fd/${fd}`)) !== wanted) continue;
      const path = await linkOr(`/proc/${pid}/exe`);
      if (path !== undefined) return { pid: Number(pid), name: basename(path), path };
    }
  }
  return undefined;
}

/** The processes of others may not be looked into, and any may end while we look: both mean "not this one". */
async function listOr(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return [];
  }
}

async function linkOr(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    return undefined;
  }
}
