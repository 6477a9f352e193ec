import type { JsonObject } from '@bufbuild/protobuf';
import { MessageType } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { Projection } from '../../execution/projection.js';
import { shorten } from '../../execution/shorten.js';

/** Temporal refuses results of 2 MB. */
const RESULT_BYTES = 1024 * 1024;

/**
 * What a workflow that waits for an execution is given when it has completed, as plain JSON, which is all that the original's runner can
 * decode: the agent's last words, or the workflow's output.
 */
export function resultOf(projection: Projection): string | JsonObject {
  if (projection.kind === 'workflow') return projection.status.output ?? {};
  const last = projection.status.messages.findLast(({ type, content }) => type === MessageType.MESSAGE_AI && content !== '');
  return shorten(last?.content ?? '', RESULT_BYTES);
}
