import type { AgentMessage, SubAgentExecution, TodoItem, ToolCall } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowTask } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { Notice } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';

/** What is new to whoever reads along. Each thing is told once, whatever the server repeats. */
export type TranscriptEvent =
  | { readonly type: 'phase'; readonly phase: number; readonly startedAt: string }
  /** Text that is added to a message. `first` starts it, `rewritten` means that it replaces what was told of the message before. */
  | { readonly type: 'text'; readonly index: number; readonly message: AgentMessage; readonly text: string; readonly first: boolean; readonly rewritten: boolean }
  | { readonly type: 'tool-started'; readonly call: ToolCall }
  | { readonly type: 'tool-ended'; readonly call: ToolCall }
  | { readonly type: 'sub-agent-started'; readonly subAgent: SubAgentExecution }
  | { readonly type: 'sub-agent-ended'; readonly subAgent: SubAgentExecution }
  /** Items of the to-do list that are new or have changed. */
  | { readonly type: 'todos'; readonly items: readonly TodoItem[] }
  /** A task of a workflow that is in another state than before. */
  | { readonly type: 'task'; readonly task: WorkflowTask }
  | { readonly type: 'notice'; readonly notice: Notice }
  /** The condition that this notice told of is over. */
  | { readonly type: 'notice-over'; readonly notice: Notice }
  | { readonly type: 'connection-lost'; readonly endpoint: string; readonly reason: string }
  | { readonly type: 'connection-resumed'; readonly endpoint: string };
