import { createRegistry, type DescFile, type DescMessage, type DescService } from '@bufbuild/protobuf';
import { file_ai_stigmer_agentic_agent_v1_command } from './gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { file_ai_stigmer_agentic_agent_v1_query } from './gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { file_ai_stigmer_agentic_agentexecution_v1_command } from './gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { file_ai_stigmer_agentic_agentexecution_v1_query } from './gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { file_ai_stigmer_agentic_agentinstance_v1_command } from './gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import { file_ai_stigmer_agentic_agentinstance_v1_query } from './gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { file_ai_stigmer_agentic_environment_v1_command } from './gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { file_ai_stigmer_agentic_environment_v1_io } from './gen/ai/stigmer/agentic/environment/v1/io_pb.js';
import { file_ai_stigmer_agentic_environment_v1_query } from './gen/ai/stigmer/agentic/environment/v1/query_pb.js';
import { file_ai_stigmer_agentic_executioncontext_v1_command } from './gen/ai/stigmer/agentic/executioncontext/v1/command_pb.js';
import { file_ai_stigmer_agentic_executioncontext_v1_query } from './gen/ai/stigmer/agentic/executioncontext/v1/query_pb.js';
import { file_ai_stigmer_agentic_mcpserver_v1_command } from './gen/ai/stigmer/agentic/mcpserver/v1/command_pb.js';
import { file_ai_stigmer_agentic_mcpserver_v1_io } from './gen/ai/stigmer/agentic/mcpserver/v1/io_pb.js';
import { file_ai_stigmer_agentic_mcpserver_v1_query } from './gen/ai/stigmer/agentic/mcpserver/v1/query_pb.js';
import { file_ai_stigmer_agentic_session_v1_command } from './gen/ai/stigmer/agentic/session/v1/command_pb.js';
import { file_ai_stigmer_agentic_session_v1_query } from './gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { file_ai_stigmer_agentic_skill_v1_command } from './gen/ai/stigmer/agentic/skill/v1/command_pb.js';
import { file_ai_stigmer_agentic_skill_v1_query } from './gen/ai/stigmer/agentic/skill/v1/query_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_command } from './gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_query } from './gen/ai/stigmer/agentic/workflow/v1/query_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_agent_call } from './gen/ai/stigmer/agentic/workflow/v1/tasks/agent_call_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_call_activity } from './gen/ai/stigmer/agentic/workflow/v1/tasks/call_activity_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_for } from './gen/ai/stigmer/agentic/workflow/v1/tasks/for_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_fork } from './gen/ai/stigmer/agentic/workflow/v1/tasks/fork_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_grpc_call } from './gen/ai/stigmer/agentic/workflow/v1/tasks/grpc_call_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_http_call } from './gen/ai/stigmer/agentic/workflow/v1/tasks/http_call_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_listen } from './gen/ai/stigmer/agentic/workflow/v1/tasks/listen_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_raise } from './gen/ai/stigmer/agentic/workflow/v1/tasks/raise_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_run } from './gen/ai/stigmer/agentic/workflow/v1/tasks/run_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_set } from './gen/ai/stigmer/agentic/workflow/v1/tasks/set_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_switch } from './gen/ai/stigmer/agentic/workflow/v1/tasks/switch_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_try } from './gen/ai/stigmer/agentic/workflow/v1/tasks/try_pb.js';
import { file_ai_stigmer_agentic_workflow_v1_tasks_wait } from './gen/ai/stigmer/agentic/workflow/v1/tasks/wait_pb.js';
import { file_ai_stigmer_agentic_workflowexecution_v1_command } from './gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { file_ai_stigmer_agentic_workflowexecution_v1_query } from './gen/ai/stigmer/agentic/workflowexecution/v1/query_pb.js';
import { file_ai_stigmer_agentic_workflowinstance_v1_command } from './gen/ai/stigmer/agentic/workflowinstance/v1/command_pb.js';
import { file_ai_stigmer_agentic_workflowinstance_v1_query } from './gen/ai/stigmer/agentic/workflowinstance/v1/query_pb.js';
import { file_google_rpc_error_details } from './gen/google/rpc/error_details_pb.js';
import { file_google_rpc_status } from './gen/google/rpc/status_pb.js';
import { file_stigmer_execution_v1_execution } from './gen/stigmer/execution/v1/execution_pb.js';
import { file_stigmer_resource_v1_resource } from './gen/stigmer/resource/v1/resource_pb.js';
import { file_stigmer_runner_v1_runner } from './gen/stigmer/runner/v1/runner_pb.js';
import { file_stigmer_stream_v1_stream } from './gen/stigmer/stream/v1/stream_pb.js';
import { file_stigmer_system_v1_system } from './gen/stigmer/system/v1/system_pb.js';

/** The files that no other file imports; the rest is reached from them. */
const roots: readonly DescFile[] = [
  file_ai_stigmer_agentic_agent_v1_command,
  file_ai_stigmer_agentic_agent_v1_query,
  file_ai_stigmer_agentic_agentexecution_v1_command,
  file_ai_stigmer_agentic_agentexecution_v1_query,
  file_ai_stigmer_agentic_agentinstance_v1_command,
  file_ai_stigmer_agentic_agentinstance_v1_query,
  file_ai_stigmer_agentic_environment_v1_command,
  file_ai_stigmer_agentic_environment_v1_io,
  file_ai_stigmer_agentic_environment_v1_query,
  file_ai_stigmer_agentic_executioncontext_v1_command,
  file_ai_stigmer_agentic_executioncontext_v1_query,
  file_ai_stigmer_agentic_mcpserver_v1_command,
  file_ai_stigmer_agentic_mcpserver_v1_io,
  file_ai_stigmer_agentic_mcpserver_v1_query,
  file_ai_stigmer_agentic_session_v1_command,
  file_ai_stigmer_agentic_session_v1_query,
  file_ai_stigmer_agentic_skill_v1_command,
  file_ai_stigmer_agentic_skill_v1_query,
  file_ai_stigmer_agentic_workflow_v1_command,
  file_ai_stigmer_agentic_workflow_v1_query,
  file_ai_stigmer_agentic_workflow_v1_tasks_agent_call,
  file_ai_stigmer_agentic_workflow_v1_tasks_call_activity,
  file_ai_stigmer_agentic_workflow_v1_tasks_for,
  file_ai_stigmer_agentic_workflow_v1_tasks_fork,
  file_ai_stigmer_agentic_workflow_v1_tasks_grpc_call,
  file_ai_stigmer_agentic_workflow_v1_tasks_http_call,
  file_ai_stigmer_agentic_workflow_v1_tasks_listen,
  file_ai_stigmer_agentic_workflow_v1_tasks_raise,
  file_ai_stigmer_agentic_workflow_v1_tasks_run,
  file_ai_stigmer_agentic_workflow_v1_tasks_set,
  file_ai_stigmer_agentic_workflow_v1_tasks_switch,
  file_ai_stigmer_agentic_workflow_v1_tasks_try,
  file_ai_stigmer_agentic_workflow_v1_tasks_wait,
  file_ai_stigmer_agentic_workflowexecution_v1_command,
  file_ai_stigmer_agentic_workflowexecution_v1_query,
  file_ai_stigmer_agentic_workflowinstance_v1_command,
  file_ai_stigmer_agentic_workflowinstance_v1_query,
  file_google_rpc_error_details,
  file_google_rpc_status,
  file_stigmer_execution_v1_execution,
  file_stigmer_resource_v1_resource,
  file_stigmer_runner_v1_runner,
  file_stigmer_stream_v1_stream,
  file_stigmer_system_v1_system,
];

/** Every file of the contract, imported ones first. */
export const contractFiles: readonly DescFile[] = withDependencies(roots);

/** All messages, enums and extensions of the contract, by full name. */
export const registry = createRegistry(...contractFiles);

/** All services, the contract's and our own. */
export const services: readonly DescService[] = contractFiles.flatMap((file) => file.services);

/** Schema of a message by its full name, `ai.stigmer.agentic.agent.v1.Agent`; undefined when the contract has none of that name. */
export function messageSchema(typeName: string): DescMessage | undefined {
  return registry.getMessage(typeName);
}

function withDependencies(files: readonly DescFile[], seen = new Set<DescFile>()): DescFile[] {
  for (const file of files) {
    if (seen.has(file)) continue;
    withDependencies(file.dependencies, seen);
    seen.add(file);
  }
  return [...seen];
}
