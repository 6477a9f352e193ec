import { create } from '@bufbuild/protobuf';
import { Connection, WorkflowClient } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect } from 'vitest';
import { RpcClient } from '../../src/client/rpc-client.js';
import { systemClock } from '../../src/contract/clock.js';
import { type AgentExecution, AgentExecutionSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { Phase } from '../../src/contract/phases.js';
import { executionActivities } from '../../src/workflows/activities/update-execution-status.js';
import { connectTemporal, type RunOptions, type TemporalClient, type WorkflowDescription } from '../../src/workflows/client.js';
import { DEFAULT_QUEUES, workflowId } from '../../src/workflows/names.js';
import type { ProtoPayload } from '../../src/workflows/payloads/proto-payload.js';
import { startStatusServer, type StatusServer } from './status-server.js';
import { startTemporal, type TestTemporal } from './temporal.js';
import { bundleWorkflows, compilePayloadConverter, quietTemporalRuntime } from './workflow-bundle.js';

/** What a scripted runner does with one run. */
export type RunScript = (execution: ProtoPayload, threadId?: string) => Promise<unknown>;

/** A dev server, the workflow worker, a server that hears how runs end, and scripted runners of both kinds. */
export interface WorkflowWorld {
  readonly temporal: TestTemporal;
  readonly server: StatusServer;
  readonly client: TemporalClient;
  /** A new agent execution with an id of its own. */
  agentExecution(): AgentExecution & { readonly metadata: { readonly id: string } };
  /** Starts an agent execution whose run does what the script says, and gives its id. */
  start(script: RunScript, options?: RunOptions): Promise<string>;
  /** Sets what a runner does with a run. */
  script(executionId: string, script: RunScript): void;
  /** Resolves when a runner has the run. */
  running(executionId: string): Promise<void>;
  /** Resolves when the workflow has come to an end. */
  closed(executionId: string): Promise<WorkflowDescription>;
  /** The workflow's history, as Temporal exports it. */
  history(executionId: string): ReturnType<ReturnType<WorkflowClient['getHandle']>['fetchHistory']>;
  close(): Promise<void>;
}

const GUARD = { timeout: 20_000, interval: 20 };

export async function startWorkflowWorld(): Promise<WorkflowWorld> {
  quietTemporalRuntime();
  const [temporal, bundle, server] = await Promise.all([startTemporal(), bundleWorkflows(), startStatusServer()]);
  const converter = compilePayloadConverter();
  const client = connectTemporal({ address: temporal.address, namespace: 'default', clock: systemClock });
  const rpc = new RpcClient({ endpoint: server.address, token: 'worker-token' });
  const nativeConnection = await NativeConnection.connect({ address: temporal.address });
  const connection = Connection.lazy({ address: temporal.address });
  const workflows = new WorkflowClient({ connection });

  const scripts = new Map<string, RunScript>();
  const runScript: RunScript = async (execution, threadId) => {
    const { metadata } = execution.json as { metadata: { id: string } };
    const script = scripts.get(metadata.id);
    if (!script) throw new Error(`no script for ${metadata.id}`);
    return script(execution, threadId);
  };
  const activities = executionActivities({ client: rpc, log: { info: () => undefined, warn: () => undefined } });
  const workers = await Promise.all(
    [
      { identity: 'worker', taskQueue: DEFAULT_QUEUES.agentExecution, workflowBundle: bundle, activities },
      { identity: 'worker', taskQueue: DEFAULT_QUEUES.workflowExecution, workflowBundle: bundle, activities },
      { identity: 'agent-runner', taskQueue: DEFAULT_QUEUES.agentRunner, activities: { ExecuteGraphton: runScript } },
      { identity: 'workflow-runner', taskQueue: DEFAULT_QUEUES.workflowRunner, activities: { ExecuteWorkflow: runScript } },
    ].map((options) =>
      Worker.create({ ...options, connection: nativeConnection, dataConverter: { payloadConverterPath: converter.path }, shutdownForceTime: 1_000 }),
    ),
  );
  const ended = workers.map((worker) => worker.run());

  let executions = 0;
  const world: WorkflowWorld = {
    temporal,
    server,
    client,
    agentExecution() {
      executions += 1;
      const metadata = { id: `aex-${executions}`, name: `run-${executions}` };
      const spec = { sessionId: 'ses-1', message: 'Hello' };
      const execution = create(AgentExecutionSchema, { apiVersion: 'agentic.stigmer.ai/v1', kind: 'AgentExecution', metadata, spec, status: { phase: Phase.PENDING } });
      return execution as ReturnType<WorkflowWorld['agentExecution']>;
    },
    async start(script, options = {}) {
      const execution = world.agentExecution();
      world.script(execution.metadata.id, script);
      expect(await client.startAgentExecution(execution, options)).toEqual({ outcome: 'started' });
      return execution.metadata.id;
    },
    script: (executionId, script) => void scripts.set(executionId, script),
    async running(executionId) {
      const runs = async () => (await client.describe('agent_execution', executionId)).activities.some(({ name, started }) => name === 'ExecuteGraphton' && started);
      await expect.poll(runs, GUARD).toBe(true);
    },
    async closed(executionId) {
      await expect.poll(async () => (await client.describe('agent_execution', executionId)).state, GUARD).not.toBe('running');
      return client.describe('agent_execution', executionId);
    },
    history: (executionId) => workflows.getHandle(workflowId('agent_execution', executionId)).fetchHistory(),
    async close() {
      try {
        for (const worker of workers) worker.shutdown();
        await Promise.all(ended);
        await Promise.all([client.close(), connection.close(), nativeConnection.close(), server.down()]);
        rpc.close();
      } finally {
        await temporal.stop();
        converter.remove();
      }
    },
  };
  return world;
}
