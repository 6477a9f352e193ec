import { MessageType, SubAgentStatus, TodoStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { WorkflowTaskStatus } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/enum_pb.js';
import { Phase } from '../../contract/phases.js';

/** Icons and words of the original's command line, which scripts and people look for. */
export const PHASE_ICONS: Readonly<Record<number, string>> = {
  [Phase.PENDING]: '⏳',
  [Phase.IN_PROGRESS]: '▶️',
  [Phase.COMPLETED]: '✅',
  [Phase.FAILED]: '❌',
  [Phase.CANCELLED]: '⚠️',
};

export const SPEAKERS: Readonly<Record<number, string>> = {
  [MessageType.MESSAGE_TYPE_UNSPECIFIED]: 'ℹ️ Message',
  [MessageType.MESSAGE_HUMAN]: '💬 You',
  [MessageType.MESSAGE_AI]: '🤖 Agent',
  [MessageType.MESSAGE_TOOL]: '🔧 Tool',
  [MessageType.MESSAGE_SYSTEM]: 'ℹ️ System',
};

export const TASK_WORDS: Readonly<Record<number, readonly [icon: string, word: string]>> = {
  [WorkflowTaskStatus.WORKFLOW_TASK_PENDING]: ['⏳', 'Pending'],
  [WorkflowTaskStatus.WORKFLOW_TASK_IN_PROGRESS]: ['⚙️', 'Running'],
  [WorkflowTaskStatus.WORKFLOW_TASK_COMPLETED]: ['✓', 'Completed'],
  [WorkflowTaskStatus.WORKFLOW_TASK_FAILED]: ['✗', 'Failed'],
  [WorkflowTaskStatus.WORKFLOW_TASK_SKIPPED]: ['⊘', 'Skipped'],
};

export const TODO_ICONS: Readonly<Record<number, string>> = {
  [TodoStatus.TODO_PENDING]: '☐',
  [TodoStatus.TODO_IN_PROGRESS]: '◐',
  [TodoStatus.TODO_COMPLETED]: '☑',
  [TodoStatus.TODO_CANCELLED]: '⊘',
};

/** Names of roles and states for programs. */
export const ROLE_NAMES: Readonly<Record<number, string>> = {
  [MessageType.MESSAGE_HUMAN]: 'human',
  [MessageType.MESSAGE_AI]: 'ai',
  [MessageType.MESSAGE_TOOL]: 'tool',
  [MessageType.MESSAGE_SYSTEM]: 'system',
};

export function callFailed(status: ToolCallStatus): boolean {
  return status === ToolCallStatus.TOOL_CALL_FAILED;
}

export function subAgentFailed(status: SubAgentStatus): boolean {
  return status === SubAgentStatus.SUB_AGENT_FAILED;
}
