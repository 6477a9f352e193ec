import { type DescMessage, fromJson, type JsonValue, type MessageShape } from '@bufbuild/protobuf';
import { ApplicationFailure } from '@temporalio/activity';
import type { RpcClient } from '../../client/rpc-client.js';
import { Code, invalidArgument, StigmerError } from '../../contract/errors.js';
import { AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { WorkflowExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { AGENT_EXECUTION_STATUS, WORKFLOW_EXECUTION_STATUS } from '../names.js';
import { outcomeOnly, type StatusJson } from '../payloads/execution-status.js';
import { type ProtoPayload, protoPayload } from '../payloads/proto-payload.js';
import type { ExecutionActivities } from './execution-activities.js';

/** A server that does not answer within this time, in milliseconds, is asked again by Temporal's retry. */
const TIMEOUT_MS = 10_000;

/** What the activities need of the world. */
export interface ExecutionActivityOptions {
  /** With the worker's token: by that the server knows a run's last word from a report of a runner. */
  readonly client: RpcClient;
  readonly log: ActivityLog;
}

export interface ActivityLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The activities that report to the server. What they throw is tried again by Temporal, without end. */
export function executionActivities({ client, log }: ExecutionActivityOptions): ExecutionActivities {
  /** Gives the refusal of a status that would be refused again as it is. */
  const tell = async (executionId: string, status: ProtoPayload): Promise<StigmerError | undefined> => {
    try {
      await send(client, executionId, status);
    } catch (error) {
      if (!(error instanceof StigmerError)) throw error;
      if (!wasHeard(error)) {
        if (isRefusedAsItIs(error)) return error;
        throw error;
      }
      log.info({ executionId, answer: error.message }, 'the server knew the end of the run before');
    }
    return undefined;
  };
  return {
    async UpdateExecutionStatus(executionId, status) {
      const refusal = await tell(executionId, status);
      if (!refusal) return;
      log.warn({ executionId, refusal: refusal.message }, 'the server refuses the last status of the run: it is told the outcome alone');
      const outcome = protoPayload(status.type, outcomeOnly(status.json as StatusJson));
      const secondRefusal = await tell(executionId, outcome);
      if (secondRefusal) throw secondRefusal;
    },
  };
}

async function send(client: RpcClient, executionId: string, payload: ProtoPayload): Promise<void> {
  const options = { timeoutMs: TIMEOUT_MS };
  switch (payload.type) {
    case AGENT_EXECUTION_STATUS: {
      const status = read(AgentExecutionStatusSchema, payload.json);
      await client.unary(AgentExecutionCommandController.method.updateStatus, { executionId, status }, options);
      return;
    }
    case WORKFLOW_EXECUTION_STATUS: {
      const status = read(WorkflowExecutionStatusSchema, payload.json);
      await client.unary(WorkflowExecutionCommandController.method.updateStatus, { executionId, status }, options);
      return;
    }
    default:
      throw ApplicationFailure.nonRetryable(`${payload.type} is not the status of an execution`, 'InvalidInput');
  }
}

/** A newer runner may know fields that we do not: they are left out. */
function read<D extends DescMessage>(schema: D, json: unknown): MessageShape<D> {
  try {
    return fromJson(schema, json as JsonValue, { ignoreUnknownFields: true });
  } catch (error) {
    throw invalidArgument('status', `must be a ${schema.typeName} in proto JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The end was known, or the execution is gone: there is nobody left to tell. */
function wasHeard({ code }: StigmerError): boolean {
  return code === Code.FAILED_PRECONDITION || code === Code.NOT_FOUND;
}

/** A repeat of the same would be refused for ever, and the run would never end. */
function isRefusedAsItIs({ code }: StigmerError): boolean {
  return code === Code.INVALID_ARGUMENT || code === Code.RESOURCE_EXHAUSTED;
}
