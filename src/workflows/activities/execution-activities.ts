import type { ProtoPayload } from '../payloads/proto-payload.js';

/** What a workflow can ask of its worker. The keys are the names of the activities. */
export interface ExecutionActivities {
  /**
   * Tells the server how a run ended. `status` is an AgentExecutionStatus or a WorkflowExecutionStatus. Resolves when the server has
   * heard it, which includes that it knows the end already or has no such execution any more.
   */
  UpdateExecutionStatus(executionId: string, status: ProtoPayload): Promise<void>;
}
