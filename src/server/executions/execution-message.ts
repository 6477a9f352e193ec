import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { dataLoss } from '../../contract/errors.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { Projection } from '../../execution/projection.js';
import type { ExecutionRow } from '../../store/ports.js';
import { executionKind } from './execution-kind.js';

/** The two parts of an execution's message that its course does not change, encoded. */
export interface ExecutionEnvelope {
  /** The message without its status. */
  readonly resource: Uint8Array;
  /** Fields of the status that are no part of its course: the audit. */
  readonly statusExtras: Uint8Array;
}

/** Takes the stored message apart. Throws DATA_LOSS, naming the execution, when it cannot be read. */
export function envelopeOf(row: ExecutionRow): ExecutionEnvelope {
  const { schema, statusSchema, kind } = executionKind(row.kind);
  let message: AgentExecution | WorkflowExecution;
  try {
    message = fromBinary(schema, row.data) as AgentExecution | WorkflowExecution;
  } catch (cause) {
    throw dataLoss(`${kind.name} ${row.id} is stored in a form that cannot be read`, { cause });
  }
  const audit = message.status?.audit;
  delete message.status;
  return {
    resource: toBinary(schema, message),
    statusExtras: audit === undefined ? new Uint8Array() : toBinary(statusSchema, create(statusSchema, { audit })),
  };
}

/** Tag of `status = 5`, a length-delimited field, in both kinds of executions. */
const STATUS_TAG = 0x2a;

/** The whole message, encoded, as it stands at the projection's revision. */
export function encodeExecution({ resource, statusExtras }: ExecutionEnvelope, projection: Projection): Uint8Array {
  const { statusSchema } = executionKind(projection.kind === 'agent' ? 'agent_execution' : 'workflow_execution');
  const status = toBinary(statusSchema, projection.status);
  const length = varint(status.length + statusExtras.length);
  return Buffer.concat([resource, Buffer.from([STATUS_TAG, ...length]), status, statusExtras]);
}

/** The same as a message. */
export function decodeExecution(kind: ExecutionRow['kind'], bytes: Uint8Array): AgentExecution | WorkflowExecution {
  return fromBinary(executionKind(kind).schema, bytes) as AgentExecution | WorkflowExecution;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}
