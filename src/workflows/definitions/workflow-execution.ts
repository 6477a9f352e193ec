import { proxyActivities } from '@temporalio/workflow';
import { DEFAULT_QUEUES, WORKFLOW_EXECUTION, WORKFLOW_EXECUTION_STATUS } from '../names.js';
import type { ProtoPayload } from '../payloads/proto-payload.js';
import type { RunOptions } from '../run-options.js';
import { runInterpreted } from './run-interpreted.js';
import { readExecution } from './execution-input.js';
import { CANCEL_GRACE_MS, runExecution } from './run-execution.js';
import { runnerActivityOptions, runnerQueue } from './runner-activity.js';

interface WorkflowRunner {
  ExecuteWorkflow(execution: ProtoPayload): Promise<unknown>;
}

/**
 * Carries out one WorkflowExecution by our interpreter when it is given a document, or else hands it to a workflow-runner, waiting until
 * there is one. Sees to it that the server hears how it ended.
 */
export async function invokeWorkflowExecution(input: unknown, options: RunOptions = {}): Promise<void> {
  const { execution, executionId } = readExecution(input, WORKFLOW_EXECUTION);
  if (options.interpreter) return runInterpreted(execution, executionId, options, options.interpreter);
  const queue = runnerQueue(DEFAULT_QUEUES.workflowRunner);
  const limits = runnerActivityOptions(queue, options);
  await runExecution({
    executionId,
    statusType: WORKFLOW_EXECUTION_STATUS,
    runner: { name: 'workflow-runner', limits },
    cancelGraceMs: options.cancelGraceMs ?? CANCEL_GRACE_MS,
    execute: () => proxyActivities<WorkflowRunner>(limits).ExecuteWorkflow(execution),
  });
}
