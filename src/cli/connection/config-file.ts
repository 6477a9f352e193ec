import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code, StigmerError } from '../../contract/errors.js';

/** What `config.yaml` says, as far as it is read here. Keys of the original that are not listed are left alone. */
export interface CliConfig {
  /** `server.endpoint` */
  readonly endpoint?: string;
  /** `backend.type: cloud`, with `backend.cloud.endpoint` and `backend.cloud.token`. */
  readonly cloud?: { readonly endpoint: string; readonly token?: string };
  /** `context.organization`, or `backend.cloud.org_id` of the cloud. */
  readonly organization?: string;
}

export function configPath(home: string): string {
  return join(home, 'config.yaml');
}

/** Reads the configuration; a file that is not there says nothing. Throws INVALID_ARGUMENT with file, line and key. */
export async function readConfig(home: string): Promise<CliConfig> {
  const path = configPath(home);
  const text = readIfThere(path);
  if (text === undefined) return {};
  const { configReader } = await import('./config-reader.js');
  const value = configReader(path, text);
  const endpoint = value('server', 'endpoint');
  const organization = value('context', 'organization');
  if (value('backend', 'type') !== 'cloud') return { ...(endpoint && { endpoint }), ...(organization && { organization }) };
  const token = value('backend', 'cloud', 'token');
  const cloud = { endpoint: value('backend', 'cloud', 'endpoint') ?? 'api.stigmer.ai:443', ...(token && { token }) };
  const cloudOrganization = value('backend', 'cloud', 'org_id') ?? organization;
  return { cloud, ...(cloudOrganization && { organization: cloudOrganization }) };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StigmerError(Code.INVALID_ARGUMENT, `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
