import { chmod, chown, copyFile, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidArgument } from '../../contract/errors.js';
import { type Home, tokenPath } from '../home.js';

/** Who a container runs as when we are root: it never is. */
const UNPRIVILEGED = 1_000;

/** User and group that a container of ours runs as: ourselves, so that the workspaces are ours and its own, but never root. */
export function containerUser(): { readonly uid: number; readonly gid: number } {
  const uid = process.getuid?.() ?? UNPRIVILEGED;
  return uid === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : { uid, gid: process.getgid?.() ?? uid };
}

/** What a container is given by file. */
export interface RunnerFiles {
  readonly envFile: string;
  readonly tokenFile: string;
}

/** Folder with one folder for each component that runs in a container. */
export function containersFolder(home: Home): string {
  return join(home.state, 'containers');
}

/** Folder of the files of the container of `component`. */
export function containerFolder(home: Home, component: string): string {
  return join(containersFolder(home), component);
}

/**
 * Writes the files that a container needs, readable by the user alone, or by the one that it runs as: its variables and its token. The
 * workspaces become that user's as well.
 *
 * @throws StigmerError INVALID_ARGUMENT for a value that a file of variables cannot hold
 */
export async function writeRunnerFiles(home: Home, component: string, env: Readonly<Record<string, string>>): Promise<RunnerFiles> {
  const folder = containerFolder(home, component);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = { envFile: join(folder, 'env'), tokenFile: join(folder, 'token') };
  const user = containerUser();
  // Anew each time: a file that another user owns by now cannot be written over.
  for (const file of Object.values(files)) await rm(file, { force: true });
  await writeFile(files.envFile, envText(env), { mode: 0o600 });
  await copyFile(tokenPath(home, component), files.tokenFile);
  await chmod(files.tokenFile, 0o400);
  await own(files.tokenFile, user);
  await ownTree(home.workspaces, user);
  return files;
}

/** One variable a line: that is all the format knows. */
function envText(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => {
      if (/[\r\n]/.test(value)) throw invalidArgument(name, 'must not hold a line break, because it goes to a container by a file of lines');
      return `${name}=${value}\n`;
    })
    .join('');
}

async function own(path: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const stats = await lstat(path);
  if (stats.uid !== uid) await chown(path, uid, gid);
}

/** Only root need and can do that. What its own processes have made there meanwhile is handed over as well. */
async function ownTree(folder: string, user: { uid: number; gid: number }): Promise<void> {
  if (process.getuid?.() !== 0) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await own(join(entry.parentPath, entry.name), user);
  }
  await own(folder, user);
}
