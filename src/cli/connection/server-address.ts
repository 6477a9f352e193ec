import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code, StigmerError } from '../../contract/errors.js';
import type { CliEnvironment } from '../env.js';
import { usageError } from '../usage-error.js';
import { type CliConfig, configPath } from './config-file.js';

/** Where the server is, who asks, and where that was said. */
export interface ServerAddress {
  readonly endpoint: string;
  /** For a person: `--endpoint`, `STIGMER_SERVER_ADDR`, the path of the configuration, `default`. */
  readonly source: string;
  readonly tls: boolean;
  /** Asked at each call, so that a token which a new server made is taken up. */
  readonly token: () => string;
}

const DEFAULT_ENDPOINT = '127.0.0.1:7234';
const ADDRESS = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?):\d{1,5}$/i;

/** Where the supervisor of this home leaves the token of its user. */
export function userTokenPath(home: string): string {
  return join(home, 'state', 'tokens', 'user');
}

/**
 * Flag before environment before configuration before the server that the supervisor of this home has started, on whatever port, before
 * the default. `running` asks for the address of that server, and is called only when nobody has said another.
 */
export async function serverAddress(flag: string | undefined, env: CliEnvironment, config: CliConfig, running: () => Promise<string | undefined> = async () => undefined): Promise<ServerAddress> {
  const { STIGMER_HOME: home, STIGMER_SERVER_ADDR: variable, STIGMER_SERVER_TLS: tls, STIGMER_TOKEN: given } = env.values;
  const said = firstOf(
    { endpoint: flag, source: '--endpoint' },
    { endpoint: variable, source: env.all['STIGMER_SERVER_ADDR'] ? 'STIGMER_SERVER_ADDR' : 'STIGMER_ENDPOINT' },
    { endpoint: config.endpoint ?? config.cloud?.endpoint, source: configPath(home) },
  );
  const { endpoint, source } = said ?? { endpoint: (await running()) ?? DEFAULT_ENDPOINT, source: 'default' };
  if (!ADDRESS.test(endpoint)) throw usageError(`${source}: '${endpoint}' must be host:port, without a scheme, such as ${DEFAULT_ENDPOINT}`);
  const here = isThisMachine(endpoint);
  const configured = config.cloud !== undefined && endpoint === config.cloud.endpoint ? config.cloud.token : undefined;
  // The token of the local server is for the local server: it is not shown to another machine.
  const token = (): string => given ?? configured ?? (here ? readToken(userTokenPath(home)) : '');
  return { endpoint, source, tls: tls ?? !here, token };
}

function firstOf(...places: readonly { readonly endpoint: string | undefined; readonly source: string }[]): { endpoint: string; source: string } | undefined {
  for (const { endpoint, source } of places) if (endpoint !== undefined) return { endpoint, source };
  return undefined;
}

/** Whether an address is a loopback one. */
export function isThisMachine(endpoint: string): boolean {
  const host = endpoint.slice(0, endpoint.lastIndexOf(':')).toLowerCase();
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    // No token is no error: the original's server wants none, and ours knows its own user by the connection.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new StigmerError(Code.PERMISSION_DENIED, `the token in ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
