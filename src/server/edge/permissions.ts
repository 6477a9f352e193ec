import { permissionDenied } from '../../contract/errors.js';
import type { Caller } from '../rpc.js';

/**
 * What a runner's token may call: what it takes to do the work it was given, and no more. It may not apply or delete resources, cancel
 * or approve, nor watch executions. Methods by service, in full names.
 */
const RUNNER_METHODS: Readonly<Record<string, readonly string[]>> = {
  'stigmer.runner.v1.RunnerService': ['Hello', 'Claim'],
  'stigmer.stream.v1.ExecutionStream': ['Report'],
  'ai.stigmer.agentic.agentexecution.v1.AgentExecutionCommandController': ['create', 'updateStatus'],
  'ai.stigmer.agentic.workflowexecution.v1.WorkflowExecutionCommandController': ['updateStatus'],
  'ai.stigmer.agentic.workflowexecution.v1.WorkflowExecutionQueryController': ['get'],
  'ai.stigmer.agentic.session.v1.SessionQueryController': ['get'],
  'ai.stigmer.agentic.session.v1.SessionCommandController': ['update'],
  'ai.stigmer.agentic.agent.v1.AgentQueryController': ['get', 'getByReference'],
  'ai.stigmer.agentic.agentinstance.v1.AgentInstanceQueryController': ['get', 'getByReference'],
  'ai.stigmer.agentic.environment.v1.EnvironmentQueryController': ['get', 'getByReference'],
  'ai.stigmer.agentic.skill.v1.SkillQueryController': ['get', 'getByReference', 'getArtifact'],
  'ai.stigmer.agentic.mcpserver.v1.McpServerQueryController': ['get', 'getByReference'],
  'ai.stigmer.agentic.workflow.v1.WorkflowQueryController': ['get', 'getByReference'],
  'ai.stigmer.agentic.workflowinstance.v1.WorkflowInstanceQueryController': ['get', 'getByReference'],
  'grpc.health.v1.Health': ['Check', 'Watch'],
};

/** What the workflow worker's token may call: it carries out workflows and hands over their last word. */
const WORKER_METHODS: Readonly<Record<string, readonly string[]>> = {
  'stigmer.runner.v1.RunnerService': ['Hello'],
  'stigmer.stream.v1.ExecutionStream': ['Report'],
  'ai.stigmer.agentic.agentexecution.v1.AgentExecutionCommandController': ['updateStatus'],
  'ai.stigmer.agentic.agentexecution.v1.AgentExecutionQueryController': ['get'],
  'ai.stigmer.agentic.workflowexecution.v1.WorkflowExecutionCommandController': ['updateStatus'],
  'ai.stigmer.agentic.workflowexecution.v1.WorkflowExecutionQueryController': ['get'],
  'ai.stigmer.agentic.session.v1.SessionQueryController': ['get'],
  'grpc.health.v1.Health': ['Check', 'Watch'],
};

/** Throws PERMISSION_DENIED, naming caller and method, when a token is not made for a method. */
export function assertPermitted(caller: Caller, service: string, method: string): void {
  if (caller.kind === 'user') return;
  const table = caller.kind === 'runner' ? RUNNER_METHODS : WORKER_METHODS;
  if (table[service]?.includes(method) === true) return;
  throw permissionDenied(
    `The token of ${caller.name} may not call ${service}/${method}: a ${caller.kind}'s token is for its work only. Use the user's token.`,
  );
}
