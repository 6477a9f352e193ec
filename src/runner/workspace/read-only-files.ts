import type { BackendProtocolV2, EditResult, WriteResult } from 'deepagents';
import { SessionFiles } from './session-files.js';

const fixed = 'Error: the files of a skill cannot be changed';

/** Files that an agent may read and search, and not change. */
export class ReadOnlyFiles extends SessionFiles implements BackendProtocolV2 {
  override write(): Promise<WriteResult> {
    return Promise.resolve({ error: fixed });
  }

  override edit(): Promise<EditResult> {
    return Promise.resolve({ error: fixed });
  }

  override delete(): Promise<{ error: string }> {
    return Promise.resolve({ error: fixed });
  }
}
