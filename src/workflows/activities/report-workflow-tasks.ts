import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { Reporter } from '../../client/reporter.js';
import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { Code, StigmerError } from '../../contract/errors.js';
import { WorkflowExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { executionEvent } from '../../execution/event.js';
import type { ProtoPayload } from '../payloads/proto-payload.js';

export interface TaskReportOptions {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly leaseId: () => string;
}

/** Tells the server of tasks, by deltas. What the server refuses for good is dropped: the run goes on, and its last word is told apart. */
export async function reportWorkflowTasks({ client, clock, leaseId }: TaskReportOptions, executionId: string, status: ProtoPayload): Promise<void> {
  const { tasks } = fromJson(WorkflowExecutionStatusSchema, status.json as JsonValue, { ignoreUnknownFields: true });
  const reporter = new Reporter({ client, clock, executionId, runnerId: leaseId, attempt: 1, onStop: () => undefined });
  try {
    await reporter.open();
    for (const task of tasks) reporter.append(executionEvent('taskUpserted', { task }));
    await reporter.flush();
  } catch (error) {
    const known = StigmerError.from(error);
    // Ended meanwhile, or too much: what is missing then is only part of the picture.
    if (known.code !== Code.FAILED_PRECONDITION && known.code !== Code.NOT_FOUND && known.code !== Code.RESOURCE_EXHAUSTED) throw known;
  } finally {
    reporter.close();
  }
}
