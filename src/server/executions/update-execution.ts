import { clone, create, toBinary } from '@bufbuild/protobuf';
import { aborted, invalidArgument, notFound } from '../../contract/errors.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { ApiResourceMetadataVersionSchema } from '../../contract/gen/ai/stigmer/commons/apiresource/metadata_pb.js';
import { ApiResourceKind } from '../../contract/kinds.js';
import type { ExecutionRow } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import { stampAudit } from '../resources/audit.js';
import { recordChange } from '../resources/changes.js';
import type { ExecutionsContext } from './context.js';
import type { ExecutionKind } from './execution-kind.js';
import { decodeExecution } from './execution-message.js';
import { checkDraft } from './new-execution.js';
import { getExecution } from './queries.js';
import { sealRuntime } from './runtime-secrets.js';

type Execution = AgentExecution | WorkflowExecution;

/**
 * Replaces spec and metadata of an execution by those of a draft. Id, slug, organisation, what it belongs to, status and callback token
 * stay. A run that has started does not notice; its watchers do. Answers the encoded execution.
 */
export async function updateExecution(context: ExecutionsContext, kind: ExecutionKind, draft: Execution, caller: Caller): Promise<Uint8Array> {
  const { store, clock, broker, actors } = context;
  const id = draft.metadata?.id ?? '';
  if (id === '') throw invalidArgument('metadata.id', 'resource id is required for update');
  checkDraft(context, kind, draft);
  const stored = await store.executions.get(id);
  if (stored === undefined || stored.row.kind !== kind.stored) throw notFound(kind.kind.name, id);
  const message = replacement(context, kind, draft, stored.row, caller);
  const secrets = message.spec === undefined ? [] : sealRuntime(id, { runtimeEnv: message.spec.runtimeEnv, callbackToken: new Uint8Array() });
  const row: ExecutionRow = {
    ...stored.row,
    name: message.metadata?.name ?? stored.row.name,
    tags: message.metadata?.tags ?? [],
    version: message.metadata?.version?.id ?? '',
    data: toBinary(kind.schema, message),
  };
  await store.write([
    { op: 'update-execution', row, expectedVersion: stored.row.version },
    ...secrets,
    recordChange({ kind: row.kind, id, org: row.org }, 'updated', caller, clock.now(), ['metadata', 'spec']),
  ]);
  actors.peek(id)?.refresh();
  broker.refresh(id);
  return getExecution(context, kind, id);
}

function replacement({ clock, newId }: ExecutionsContext, kind: ExecutionKind, draft: Execution, row: ExecutionRow, caller: Caller): Execution {
  const before = decodeExecution(row.kind, row.data);
  const after = clone(kind.schema, draft) as Execution;
  const given = after.metadata!;
  const version = given.version?.id ?? '';
  if (version !== '' && version !== row.version) throw aborted(`${kind.kind.name} ${row.id} has version ${row.version}, the update was made from ${version}`);
  given.slug = row.slug;
  given.org = row.org;
  given.name ||= row.name;
  given.version = create(ApiResourceMetadataVersionSchema, {
    id: newId(ApiResourceKind.api_resource_version),
    previousVersionId: row.version,
    message: given.version?.message ?? '',
  });
  if (after.spec !== undefined) after.spec.callbackToken = new Uint8Array();
  if (after.spec !== undefined && 'sessionId' in after.spec) {
    after.spec.sessionId = row.sessionId;
    after.spec.agentId = (before as AgentExecution).spec?.agentId ?? '';
  }
  const status = create(kind.statusSchema, before.status?.audit === undefined ? {} : { audit: before.status.audit }) as NonNullable<AgentExecution['status']>;
  stampAudit(status, { actor: caller.name, at: clock.now(), event: 'updated' });
  after.status = status;
  return after;
}
