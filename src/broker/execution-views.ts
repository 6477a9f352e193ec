import { toBinary } from '@bufbuild/protobuf';
import { AgentExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { WorkflowExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type ExecutionEvent, UsageSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { type Notice, NoticeSchema } from '../contract/gen/stigmer/stream/v1/notice_pb.js';
import type { PublishedExecution } from './execution-model.js';
import type { StreamView } from './types.js';
import { type Part, writeMessage } from './wire-writer.js';

export type ExecutionView = StreamView<PublishedExecution, ExecutionEvent, Notice>;

/** Number of `status` in AgentExecution and in WorkflowExecution. */
const STATUS = 5;

/** Numbers of the items in WatchResponse. */
const Item = { SNAPSHOT: 1, DELTAS: 2, NOTICE: 3, BOOKMARK: 4, END: 5 } as const;

const utf8 = new TextEncoder();

/**
 * The items of a Watch: encoded `stigmer.stream.v1.WatchResponse`s.
 *
 * @param logId identity of the log, for the resume points
 */
export function watchView(logId: string): ExecutionView {
  const log = utf8.encode(logId);
  const at = (revision: number): Part => ({ no: 1, parts: [{ no: 1, bytes: log }, { no: 2, varint: revision }] });
  return {
    snapshot(execution, { revision, resyncReason }) {
      const { kind, state } = execution.projection;
      const parts: Part[] = [at(revision), { no: kind === 'agent' ? 2 : 3, parts: executionParts(execution) }];
      if (state.usage !== undefined) parts.push({ no: 4, bytes: toBinary(UsageSchema, state.usage) });
      if (resyncReason !== '') parts.push({ no: 5, varint: 1 }, { no: 6, bytes: utf8.encode(resyncReason) });
      return writeMessage([{ no: Item.SNAPSHOT, parts }]);
    },
    deltas({ firstRevision, lastRevision, conflated, events }) {
      const parts: Part[] = [{ no: 1, varint: firstRevision }, { no: 2, varint: lastRevision }];
      for (const { bytes } of events) parts.push({ no: 3, bytes });
      parts.push({ no: 4, varint: conflated ? 1 : 0 });
      return writeMessage([{ no: Item.DELTAS, parts }]);
    },
    notice: (notice) => writeMessage([{ no: Item.NOTICE, bytes: toBinary(NoticeSchema, notice) }]),
    bookmark: (revision) => writeMessage([{ no: Item.BOOKMARK, parts: [at(revision)] }]),
    end({ revision, state }) {
      const parts: Part[] = [at(revision)];
      if (state === undefined) parts.push({ no: 4, varint: 1 });
      else {
        const { phase, error } = state.projection.status;
        parts.push({ no: 2, varint: phase });
        if (error !== '') parts.push({ no: 3, bytes: utf8.encode(error) });
      }
      return writeMessage([{ no: Item.END, parts }]);
    },
  };
}

/** The original's `subscribe`: each item is the whole execution, an encoded AgentExecution or WorkflowExecution. */
export const subscribeView: ExecutionView = {
  snapshot: (execution) => writeMessage(executionParts(execution)),
};

function executionParts({ projection, resource, statusExtras }: PublishedExecution): Part[] {
  const status =
    projection.kind === 'agent'
      ? toBinary(AgentExecutionStatusSchema, projection.status)
      : toBinary(WorkflowExecutionStatusSchema, projection.status);
  return [resource, { no: STATUS, parts: [status, statusExtras] }];
}
