import { Context } from '@temporalio/activity';
import type { Dispatcher } from 'undici';
import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { secretsIn } from '../definitions/interpreter/secrets.js';
import { callAgent } from './call-agent.js';
import { callHttp } from './http/call-http.js';
import { guardedAgent } from './http/guarded-agent.js';
import type { InterpreterActivities } from './interpreter-activities.js';
import { reportWorkflowTasks } from './report-workflow-tasks.js';
import { type FetchSecrets, unseal } from './run-secrets.js';

export interface InterpreterOptions {
  readonly client: RpcClient;
  readonly clock: Clock;
  /** The lease that is held now. */
  readonly leaseId: () => string;
  readonly fetchSecrets: FetchSecrets;
  /** Internal hosts that workflows may call: `host` or `host:port`. */
  readonly internalHosts: readonly string[];
}

/** What interpreted workflows ask of this worker. */
export function interpreterActivities(options: InterpreterOptions): InterpreterActivities {
  const { client, clock, leaseId, fetchSecrets, internalHosts } = options;
  const agent: Dispatcher = guardedAgent(internalHosts);
  return {
    ReportWorkflowTasks: (executionId, status) => reportWorkflowTasks({ client, clock, leaseId }, executionId, status),
    async CallHttp(run, call) {
      const { value, seal, sealText } = await unseal(run, call, fetchSecrets);
      try {
        return seal(await callHttp(value, { agent, allowed: internalHosts, signal: Context.current().cancellationSignal }));
      } catch (error) {
        throw sealedError(error, seal, sealText);
      }
    },
    async CallAgent(run, call) {
      const { value, seal, sealText } = await unseal(run, call, fetchSecrets);
      // A variable that was given a secret is one at the agent's end too.
      const secretNames = new Set(Object.entries(call.env).flatMap(([name, given]) => (secretsIn(given, run.nonce).length > 0 ? [name] : [])));
      try {
        return seal(await callAgent(client, run, value, secretNames));
      } catch (error) {
        throw sealedError(error, seal, sealText);
      }
    },
  };
}

type Seal = Awaited<ReturnType<typeof unseal>>;

/** Failures are kept in the history as well. */
function sealedError(error: unknown, seal: Seal['seal'], sealText: Seal['sealText']): unknown {
  if (!(error instanceof Error)) return error;
  error.message = sealText(error.message);
  if ('details' in error && Array.isArray(error.details)) error.details = error.details.map((detail) => seal(detail as never));
  return error;
}
