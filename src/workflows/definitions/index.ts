/** What the workflow bundle holds: each export is a workflow under the type that clients start. */
export { invokeAgentExecution as 'stigmer/agent-execution/invoke' } from './agent-execution.js';
export { invokeWorkflowExecution as 'stigmer/workflow-execution/invoke' } from './workflow-execution.js';
