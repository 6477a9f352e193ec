import { randomInt } from 'node:crypto';
import type { RpcClient } from '../../client/rpc-client.js';
import { StigmerError } from '../../contract/errors.js';
import { RunnerService } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import type { Json } from '../../workflow-document/json.js';
import { mapTexts, replaceSecrets, secretsIn, secretToken } from '../definitions/interpreter/secrets.js';
import type { RunReference } from './interpreter-activities.js';
import { workflowFailure } from './workflow-failure.js';

/** Gives the values of a run's secret variables, by name. */
export type FetchSecrets = (executionId: string) => Promise<Readonly<Record<string, string>>>;

/** Asks the server, as the holder of the worker's lease. Each claim counts as an attempt of its own. */
export function claimSecrets(client: RpcClient, leaseId: () => string): FetchSecrets {
  return async (executionId) => {
    const { runtimeEnv } = await client.unary(RunnerService.method.claim, { executionId, attempt: randomInt(2, 2 ** 31 - 1), leaseId: leaseId() });
    return runtimeEnv;
  };
}

/** Secrets of one activity's arguments, and the way back. */
export interface Unsealed<T> {
  readonly value: T;
  /** The value with every secret in it replaced by its token again, so that no answer carries one into a history. */
  seal(value: Json): Json;
  sealText(text: string): string;
}

/** Shorter secrets would be found in texts where they are none. */
const SHORTEST_SECRET = 4;

/** Completes the arguments of an activity: they hold tokens where secrets belong. Nothing is fetched when there are none. */
export async function unseal<T>(run: RunReference, value: T, fetchSecrets: FetchSecrets): Promise<Unsealed<T>> {
  const names = secretsIn(value as Json, run.nonce);
  if (names.length === 0) return { value, seal: (sealed) => sealed, sealText: (text) => text };
  const secrets = await fetched(run, fetchSecrets);
  const missing = names.filter((name) => secrets[name] === undefined);
  if (missing.length > 0) {
    throw workflowFailure({ error: 'configuration', detail: `the run has no ${missing.join(', ')}: give it with --env, or in an environment of the workflow's instance`, retryable: false });
  }
  const known = names.map((name) => ({ token: secretToken(run.nonce, name), secret: secrets[name] as string })).filter(({ secret }) => secret.length >= SHORTEST_SECRET);
  const sealText = (text: string): string => known.reduce((sealed, { token, secret }) => sealed.replaceAll(secret, token), text);
  return {
    value: replaceSecrets(value as Json, run.nonce, (name) => secrets[name] as string) as T,
    seal: (answer) => mapTexts(answer, sealText),
    sealText,
  };
}

async function fetched(run: RunReference, fetchSecrets: FetchSecrets): Promise<Readonly<Record<string, string>>> {
  try {
    return await fetchSecrets(run.executionId);
  } catch (error) {
    throw workflowFailure({ error: 'communication', detail: `the secrets of the run cannot be fetched: ${StigmerError.from(error).message}`, retryable: true });
  }
}
