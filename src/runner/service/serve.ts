import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RpcClient } from '../../client/rpc-client.js';
import { wait } from '../../client/wait.js';
import type { Clock } from '../../contract/clock.js';
import { failedPrecondition } from '../../contract/errors.js';
import { type RunnerEnvironment, searchPath } from '../env.js';
import type { Logger } from '../log.js';
import { fileThreadStore } from '../memory/thread-store.js';
import { Turnstile } from '../memory/turnstile.js';
import type { ModelSettings } from '../model/model-settings.js';
import { packageVersion } from '../package-version.js';
import type { LoopRequest, PreparedLoop, RunContext } from '../run/run.js';
import { runnerStopping } from '../run/run-stop.js';
import { ActiveRuns } from './active-runs.js';
import { runnerActivities } from './activities.js';
import { LeaseKeeper } from './lease-keeper.js';
import { Polling } from './polling.js';

export interface ServeOptions {
  readonly env: RunnerEnvironment;
  readonly model: ModelSettings;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long runs may take to end by themselves when the runner stops. Then they are given up, which takes another second. */
const drainMs = 2_000;

/** The runner's whole life, until the signal aborts. Rejects when the server refuses it. */
export async function serve({ env, model, clock, log }: ServeOptions, stop: AbortSignal): Promise<void> {
  const name = env.STIGMER_RUNNER_NAME;
  const version = packageVersion();
  const token = tokenReader(env);
  const client = new RpcClient({
    endpoint: env.STIGMER_BACKEND_ENDPOINT,
    userAgent: `stigmer-agent-runner/${version}`,
    ...(token === undefined ? {} : { token }),
    ...tlsOf(env),
  });
  const runs = new ActiveRuns();
  const context: RunContext = {
    client,
    clock,
    log,
    leaseId: () => keeper.leaseId,
    threads: new Turnstile(),
    secrets: [token?.(), model.apiKey].filter((secret) => secret !== undefined),
    prepareLoop: loopMaker({ env, model, clock, log }, client, version),
  };
  let ready = false;
  const polling = new Polling({
    address: env.TEMPORAL_SERVICE_ADDRESS,
    namespace: env.TEMPORAL_NAMESPACE,
    queue: env.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE,
    identity: `${name}-${process.pid}`,
    slots: env.TEMPORAL_MAX_CONCURRENCY,
    activities: runnerActivities({ context, runs, clock }),
    clock,
    log,
    onPolling: () => {
      if (ready) return;
      ready = true;
      log.info(
        {
          name,
          version,
          lease: keeper.leaseId ?? 'none: the server knows no leases',
          endpoint: client.endpoint,
          temporal: env.TEMPORAL_SERVICE_ADDRESS,
          queue: env.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE,
          slots: env.TEMPORAL_MAX_CONCURRENCY,
          provider: model.provider,
          model: model.model,
          modelUrl: model.baseUrl,
          workspace: env.SANDBOX_ROOT_DIR,
          hostTools: env.STIGMER_HOST_TOOLS,
        },
        'ready',
      );
      // Before the first run, so that it need not wait for it.
      void importLoop();
    },
  });
  const keeper = new LeaseKeeper({
    client,
    clock,
    log,
    name,
    version,
    queue: env.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE,
    slots: env.TEMPORAL_MAX_CONCURRENCY,
    runs,
    polling,
  });
  polling.warmUp();
  try {
    await keeper.keep(stop);
  } finally {
    await drain({ polling, runs, clock, log, name });
    client.close();
  }
}

async function drain({ polling, runs, clock, log, name }: { polling: Polling; runs: ActiveRuns; clock: Clock; log: Logger; name: string }): Promise<void> {
  const ended = polling.end();
  const drained = new AbortController();
  await Promise.race([runs.empty(), wait(clock, drainMs, drained.signal)]);
  drained.abort();
  if (runs.ids.length > 0) log.warn({ executionIds: runs.ids }, 'runs are given up, because the runner stops');
  runs.endAll(runnerStopping(name));
  await ended;
}

/** The library of the loop is large: it is loaded when the runner is ready, not before. */
function loopMaker({ env, model, clock, log }: ServeOptions, client: RpcClient, version: string): (request: LoopRequest) => Promise<PreparedLoop> {
  const parts = {
    client,
    version,
    settings: model,
    workspaceRoot: env.SANDBOX_ROOT_DIR,
    store: fileThreadStore(join(env.SANDBOX_ROOT_DIR, '.threads')),
    clock,
    log,
    ...(env.STIGMER_HOST_TOOLS ? { hostTools: { path: searchPath() } } : {}),
  };
  return async (request) => {
    const { prepareLoop } = await importLoop();
    return prepareLoop(parts, request);
  };
}

const importLoop = () => import('../run/prepare-loop.js');

/** The token is read for each call, so that a renewed one is taken up. */
function tokenReader({ STIGMER_TOKEN_FILE: file, STIGMER_API_KEY: key }: RunnerEnvironment): (() => string) | undefined {
  if (file === undefined) return key === undefined ? undefined : () => key;
  return () => {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (error) {
      throw failedPrecondition(`The token of the runner cannot be read from ${file} (STIGMER_TOKEN_FILE): ${(error as Error).message}`, { cause: error });
    }
  };
}

function tlsOf({ STIGMER_BACKEND_ENDPOINT: endpoint, STIGMER_BACKEND_CA_FILE: file }: RunnerEnvironment): { tls?: boolean | Uint8Array } {
  if (file !== undefined) return { tls: readFileSync(file) };
  return endpoint.endsWith(':443') ? { tls: true } : {};
}
