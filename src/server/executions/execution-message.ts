import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { dataLoss } from '../../contract/errors.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { Projection } from '../../execution/projection.js';
import type { StatusEncoding } from '../../execution/status-encoding.js';
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

/**
 * The whole message, encoded, as it stands at the projection's revision.
 *
 * @param encoding of the execution's status, where it is encoded again and again
 */
export function encodeExecution({ resource, statusExtras }: ExecutionEnvelope, projection: Projection, encoding?: StatusEncoding): Uint8Array {
  const status = encoding?.encode(projection.status) ?? [toBinary(statusSchemaOf(projection), projection.status)];
  const length = status.reduce((sum, part) => sum + part.length, statusExtras.length);
  return Buffer.concat([resource, Buffer.from([STATUS_TAG, ...varint(length)]), ...status, statusExtras]);
}

function statusSchemaOf({ kind }: Projection): DescMessage {
  return executionKind(kind === 'agent' ? 'agent_execution' : 'workflow_execution').statusSchema;
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
