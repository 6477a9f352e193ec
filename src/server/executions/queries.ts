import { create } from '@bufbuild/protobuf';
import { invalidArgument, notFound } from '../../contract/errors.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionListSchema, type AgentExecutionList } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/io_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionListSchema, type WorkflowExecutionList } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/io_pb.js';
import { CallMetadata } from '../../contract/call-metadata.js';
import { isPhase } from '../../contract/phases.js';
import type { ExecutionFilter, Store, StoredExecution } from '../../store/ports.js';
import type { CallContext } from '../rpc.js';
import { pageSize, type PageAsked } from '../resources/list.js';
import { decodePageToken, encodePageToken } from '../resources/page-token.js';
import { type ExecutionKind, agentExecutionKind, workflowExecutionKind } from './execution-kind.js';
import type { EncodedExecutions } from './encoded-executions.js';
import { decodeExecution } from './execution-message.js';

/** A page may not grow beyond this many bytes: the original's clients read messages of 4 MiB. It holds one entry at least. */
const PAGE_BYTES = 3 * 1024 * 1024;

export interface QueryContext {
  readonly store: Store;
  readonly encoded: EncodedExecutions;
}

/** One execution, encoded. Throws NOT_FOUND. */
export async function getExecution({ encoded }: Pick<QueryContext, 'encoded'>, kind: ExecutionKind, id: string): Promise<Uint8Array> {
  if (id === '') throw invalidArgument('value', 'must not be empty');
  const bytes = await encoded.get(kind, id);
  if (bytes === undefined) throw notFound(kind.kind.name, id);
  return bytes;
}

export type ListAsked = PageAsked & Omit<ExecutionFilter, 'kind'>;

/** A page of agent executions, newest first. */
export async function listAgentExecutions(context: QueryContext, asked: ListAsked, call: CallContext): Promise<AgentExecutionList> {
  const { totalPages, entries } = await listExecutions(context, agentExecutionKind, asked, call);
  return create(AgentExecutionListSchema, { totalPages, entries: entries as AgentExecution[] });
}

/** A page of workflow executions, newest first. */
export async function listWorkflowExecutions(context: QueryContext, asked: ListAsked, call: CallContext): Promise<WorkflowExecutionList> {
  const { totalPages, entries } = await listExecutions(context, workflowExecutionKind, asked, call);
  return create(WorkflowExecutionListSchema, { totalPages, entries: entries as WorkflowExecution[] });
}

/** The condition that a request's phase means: 0 is none. */
export function phaseFilter(phase: number): { readonly phases?: readonly number[] } {
  if (phase === 0) return {};
  if (!isPhase(phase)) throw invalidArgument('phase', `must be a phase's number, 1 to 5, or 0 for all, and is ${phase}`);
  return { phases: [phase] };
}

async function listExecutions(context: QueryContext, kind: ExecutionKind, { pageSize: size, pageToken, ...conditions }: ListAsked, call: CallContext) {
  const filter: ExecutionFilter = { ...conditions, kind: kind.stored };
  const asked = pageSize(size);
  const after = decodePageToken(pageToken, filter);
  for (let limit = asked; ; ) {
    const page = await context.store.executions.list(filter, { ...(after === '' ? {} : { after }), limit });
    const { entries, fitting } = await fillPage(context, kind, page.items);
    if (fitting < page.items.length) {
      // The next page's place is known to the store alone, so the page is asked for again, as long as it may be.
      limit = fitting;
      continue;
    }
    if (page.next !== undefined) call.setHeader(CallMetadata.NEXT_PAGE_TOKEN, encodePageToken(page.next, filter));
    return { totalPages: Math.ceil(page.total / asked), entries };
  }
}

/** The executions of a page, as many as fit into a message. One that was deleted since is passed over. */
async function fillPage({ encoded }: QueryContext, kind: ExecutionKind, items: readonly StoredExecution[]) {
  const entries: (AgentExecution | WorkflowExecution)[] = [];
  let bytes = 0;
  for (const [place, { row }] of items.entries()) {
    const execution = await encoded.get(kind, row.id);
    bytes += execution?.length ?? 0;
    if (place > 0 && bytes > PAGE_BYTES) return { entries, fitting: place };
    if (execution !== undefined) entries.push(decodeExecution(kind.stored, execution));
  }
  return { entries, fitting: items.length };
}
