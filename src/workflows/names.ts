/** Names by which the server, the worker and the runners know each other on Temporal. They are the original's. */

export const AGENT_EXECUTION_WORKFLOW = 'stigmer/agent-execution/invoke';
export const WORKFLOW_EXECUTION_WORKFLOW = 'stigmer/workflow-execution/invoke';

/** Kinds of executions, as the store names them. */
export type ExecutionKind = 'agent_execution' | 'workflow_execution';

/** Workflow type by kind of execution. */
export const WORKFLOW_TYPE = {
  agent_execution: AGENT_EXECUTION_WORKFLOW,
  workflow_execution: WORKFLOW_EXECUTION_WORKFLOW,
} as const satisfies Record<ExecutionKind, string>;

/** Id of an execution's workflow: one execution, one workflow. */
export function workflowId(kind: ExecutionKind, executionId: string): string {
  return `${WORKFLOW_TYPE[kind]}/${executionId}`;
}

/** Default task queues. Workflows run on the `stigmer` ones, the activities of runners on the others. */
export const DEFAULT_QUEUES = {
  agentExecution: 'agent_execution_stigmer',
  agentRunner: 'agent_execution_runner',
  workflowExecution: 'workflow_execution_stigmer',
  workflowRunner: 'workflow_execution_runner',
} as const;

/** Key of the memo under which a workflow is told the queue of its runner. */
export const RUNNER_QUEUE_MEMO = 'activityTaskQueue';

/** Signals to an interpreted run: it begins no task until it is resumed; an event arrives. Any other signal is an event of its name. */
export const PAUSE_SIGNAL = 'stigmer/pause';
export const RESUME_SIGNAL = 'stigmer/resume';
export const EVENT_SIGNAL = 'stigmer/event';

/** Full names of the messages that travel. */
export const AGENT_EXECUTION = 'ai.stigmer.agentic.agentexecution.v1.AgentExecution';
export const AGENT_EXECUTION_STATUS = 'ai.stigmer.agentic.agentexecution.v1.AgentExecutionStatus';
export const WORKFLOW_EXECUTION = 'ai.stigmer.agentic.workflowexecution.v1.WorkflowExecution';
export const WORKFLOW_EXECUTION_STATUS = 'ai.stigmer.agentic.workflowexecution.v1.WorkflowExecutionStatus';
