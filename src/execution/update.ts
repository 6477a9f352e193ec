import type { AgentExecutionStatus } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecutionStatus } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { ExecutionEvent } from '../contract/gen/stigmer/stream/v1/event_pb.js';

export type ExecutionStatus = AgentExecutionStatus | WorkflowExecutionStatus;

/** Everything that can change an execution. */
export type Update =
  /** A runner's `updateStatus`: the lists that are not empty and the fields that are set replace what is there. */
  | { readonly type: 'status'; readonly status: ExecutionStatus }
  /** A runner's Report. All of the events are taken, or none. */
  | { readonly type: 'events'; readonly events: readonly ExecutionEvent[] }
  /** Somebody asks for an end. Changes nothing by itself: rejected when the execution has ended otherwise than cancelled. */
  | { readonly type: 'cancel-request' }
  /** The run ends as cancelled. */
  | { readonly type: 'cancelled'; readonly reason: string }
  /** The run ends as failed, for a reason that no runner reports: a system message is added, the conversation is kept. */
  | { readonly type: 'failure'; readonly error: string }
  /** What the workflow knows at its end: fills what the log lacks. A stored end stands. */
  | { readonly type: 'final'; readonly status: ExecutionStatus }
  /** Single facts that the server itself learns. */
  | { readonly type: 'details'; readonly temporalWorkflowId: string };
