import { AgentExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { WorkflowExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { WorkflowExecutionQueryController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/query_pb.js';
import { invalidArgument } from '../../contract/errors.js';
import { ExecutionControl } from '../../contract/gen/stigmer/execution/v1/execution_pb.js';
import { ExecutionStream } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { kindOfId } from '../../contract/ids.js';
import { ApiResourceKind } from '../../contract/kinds.js';
import { bindService, encodedRequest, type ServiceBinding } from '../rpc.js';
import { cancel, type CancelContext } from './cancel.js';
import { createAgentExecution } from './create-agent-execution.js';
import { createWorkflowExecution } from './create-workflow-execution.js';
import { deleteExecution, type DeleteContext } from './delete.js';
import { agentExecutionKind, workflowExecutionKind } from './execution-kind.js';
import { getExecution, listAgentExecutions, listWorkflowExecutions, phaseFilter } from './queries.js';
import { report, type ReportContext } from './report.js';
import { subscribe, type SubscribeContext } from './subscribe.js';
import { updateExecution } from './update-execution.js';
import { updateStatus } from './update-status.js';
import { watch, type WatchContext } from './watch.js';
import { watchList, type WatchListContext } from './watch-list.js';

/** All that the services of executions need. */
export type ExecutionServicesContext = CancelContext & DeleteContext & ReportContext & SubscribeContext & WatchContext & WatchListContext;

/** The contract's services for both kinds of executions, and our own. */
export function executionServices(context: ExecutionServicesContext): ServiceBinding[] {
  return [...agentServices(context), ...workflowServices(context), ...ownServices(context)];
}

function agentServices(context: ExecutionServicesContext): ServiceBinding[] {
  return [
    bindService(AgentExecutionCommandController, {
      create: (request, call) => createAgentExecution(context, request, call),
      update: (request, call) => updateExecution(context, agentExecutionKind, request, call.caller),
      updateStatus: encodedRequest((request, call) => updateStatus(context, agentExecutionKind, request, call)),
      delete: ({ value }, call) => deleteExecution(context, agentExecutionKind, value, call.caller),
    }),
    bindService(AgentExecutionQueryController, {
      get: ({ value }) => getExecution(context, agentExecutionKind, value),
      list: ({ phase, tags, pageSize, pageToken }, call) => listAgentExecutions(context, { ...phaseFilter(phase), tags, pageSize, pageToken }, call),
      listBySession({ sessionId, pageSize, pageToken }, call) {
        if (sessionId === '') throw invalidArgument('session_id', 'session_id is required');
        return listAgentExecutions(context, { sessionId, pageSize, pageToken }, call);
      },
      subscribe: ({ value }, send, call) => subscribe(context, agentExecutionKind, value, send, call),
    }),
  ];
}

function workflowServices(context: ExecutionServicesContext): ServiceBinding[] {
  return [
    bindService(WorkflowExecutionCommandController, {
      create: (request, call) => createWorkflowExecution(context, request, call),
      update: (request, call) => updateExecution(context, workflowExecutionKind, request, call.caller),
      updateStatus: encodedRequest((request, call) => updateStatus(context, workflowExecutionKind, request, call)),
      delete: ({ value }, call) => deleteExecution(context, workflowExecutionKind, value, call.caller),
    }),
    bindService(WorkflowExecutionQueryController, {
      get: ({ value }) => getExecution(context, workflowExecutionKind, value),
      list: ({ phase, tags, pageSize, pageToken }, call) => listWorkflowExecutions(context, { ...phaseFilter(phase), tags, pageSize, pageToken }, call),
      listByWorkflow: ({ workflowId, pageSize, pageToken }, call) =>
        listWorkflowExecutions(context, { ...ofWorkflow(workflowId), pageSize, pageToken }, call),
      subscribe: ({ executionId }, send, call) => subscribe(context, workflowExecutionKind, executionId, send, call),
    }),
  ];
}

function ownServices(context: ExecutionServicesContext): ServiceBinding[] {
  return [
    bindService(ExecutionStream, {
      watch: (request, send, call) => watch(context, request, send, call),
      watchList: (request, send, call) => watchList(context, request, send, call),
      report: (requests, send, call) => report(context, requests, send, call),
    }),
    bindService(ExecutionControl, { cancel: (request, call) => cancel(context, request, call.caller) }),
  ];
}

/** The field takes the id of a workflow or of one of its instances. */
function ofWorkflow(id: string): { readonly ownerId: string } | { readonly instanceId: string } {
  if (id === '') throw invalidArgument('workflow_id', 'must not be empty');
  return kindOfId(id)?.kind === ApiResourceKind.workflow_instance ? { instanceId: id } : { ownerId: id };
}
