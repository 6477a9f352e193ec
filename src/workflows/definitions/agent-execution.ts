import { proxyActivities } from '@temporalio/workflow';
import { AGENT_EXECUTION, AGENT_EXECUTION_STATUS, DEFAULT_QUEUES } from '../names.js';
import type { ProtoPayload } from '../payloads/proto-payload.js';
import type { RunOptions } from '../run-options.js';
import { readExecution } from './execution-input.js';
import { CANCEL_GRACE_MS, runExecution } from './run-execution.js';
import { runnerActivityOptions, runnerQueue } from './runner-activity.js';

interface AgentRunner {
  ExecuteGraphton(execution: ProtoPayload, threadId: string): Promise<unknown>;
}

/** A runner that holds no lease gives a sign of life only now and then: the original's beats at every fifth event of the model. */
const HEARTBEAT_MS = 120_000;

/** Runs one AgentExecution on an agent-runner and sees to it that the server hears how it ended. */
export async function invokeAgentExecution(input: unknown, options: RunOptions = {}): Promise<void> {
  const { execution, executionId, sessionId } = readExecution(input, AGENT_EXECUTION);
  const queue = runnerQueue(DEFAULT_QUEUES.agentRunner);
  const limits = runnerActivityOptions(queue, { heartbeatMs: HEARTBEAT_MS, ...options });
  const threadId = options.threadId ?? `thread-${sessionId || executionId}`;
  await runExecution({
    executionId,
    statusType: AGENT_EXECUTION_STATUS,
    runner: { name: 'agent-runner', limits },
    cancelGraceMs: options.cancelGraceMs ?? CANCEL_GRACE_MS,
    execute: () => proxyActivities<AgentRunner>(limits).ExecuteGraphton(execution, threadId),
  });
}
