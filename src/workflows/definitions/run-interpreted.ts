import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import { protoPayload, type ProtoPayload } from '../payloads/proto-payload.js';
import { fittingStatus } from '../payloads/execution-status.js';
import { WORKFLOW_EXECUTION_STATUS } from '../names.js';
import type { RunOptions } from '../run-options.js';
import { interpret } from './interpreter/interpret.js';
import type { InterpreterInput } from './interpreter/interpreter-input.js';
import { tellServer } from './run-execution.js';

/** Runs a document and hands its end to the server. A run that fails is a failure of the execution, not of the workflow. */
export async function runInterpreted(execution: ProtoPayload, executionId: string, options: RunOptions, input: InterpreterInput): Promise<void> {
  const { status, cancelled } = await interpret(execution, executionId, options, input);
  await CancellationScope.nonCancellable(() => tellServer(executionId, protoPayload(WORKFLOW_EXECUTION_STATUS, fittingStatus(status))));
  if (cancelled) throw new CancelledFailure('the execution was cancelled');
}
