import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertGivenId } from '../../contract/ids.js';

/**
 * The folder of a session: the root of what its agents' file tools see, shared by the session's runs. Made if it is not there. Throws
 * StigmerError INVALID_ARGUMENT for an id that could lead elsewhere.
 */
export async function sessionFolder(workspaceRoot: string, sessionId: string): Promise<string> {
  assertGivenId('session_id', sessionId);
  const folder = join(workspaceRoot, sessionId);
  await mkdir(folder, { recursive: true });
  return folder;
}
