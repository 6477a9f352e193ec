import type { DescMessage } from '@bufbuild/protobuf';
import { AgentCallTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/agent_call_pb.js';
import { CallActivityTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/call_activity_pb.js';
import { ForTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/for_pb.js';
import { ForkTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/fork_pb.js';
import { GrpcCallTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/grpc_call_pb.js';
import { HttpCallTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/http_call_pb.js';
import { ListenTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/listen_pb.js';
import { RaiseTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/raise_pb.js';
import { RunTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/run_pb.js';
import { SetTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/set_pb.js';
import { SwitchTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/switch_pb.js';
import { TryTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/try_pb.js';
import { WaitTaskConfigSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/wait_pb.js';
import { WorkflowTaskKind } from '../../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';

/** The message that a task's free-form configuration must be, by the kind of the task. */
export const taskConfigSchemas: ReadonlyMap<WorkflowTaskKind, DescMessage> = new Map<WorkflowTaskKind, DescMessage>([
  [WorkflowTaskKind.SET, SetTaskConfigSchema],
  [WorkflowTaskKind.HTTP_CALL, HttpCallTaskConfigSchema],
  [WorkflowTaskKind.GRPC_CALL, GrpcCallTaskConfigSchema],
  [WorkflowTaskKind.CALL_ACTIVITY, CallActivityTaskConfigSchema],
  [WorkflowTaskKind.SWITCH, SwitchTaskConfigSchema],
  [WorkflowTaskKind.FOR, ForTaskConfigSchema],
  [WorkflowTaskKind.FORK, ForkTaskConfigSchema],
  [WorkflowTaskKind.TRY, TryTaskConfigSchema],
  [WorkflowTaskKind.LISTEN, ListenTaskConfigSchema],
  [WorkflowTaskKind.WAIT, WaitTaskConfigSchema],
  [WorkflowTaskKind.RAISE, RaiseTaskConfigSchema],
  [WorkflowTaskKind.RUN, RunTaskConfigSchema],
  [WorkflowTaskKind.AGENT_CALL, AgentCallTaskConfigSchema],
]);
