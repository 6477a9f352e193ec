import { create, toBinary } from '@bufbuild/protobuf';
import { validateAnnotations } from '../../contract/annotations.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type ApiResourceMetadata, ApiResourceMetadataSchema, ApiResourceMetadataVersionSchema } from '../../contract/gen/ai/stigmer/commons/apiresource/metadata_pb.js';
import { ApiResourceKind } from '../../contract/kinds.js';
import { invalidArgument } from '../../contract/errors.js';
import { byteLength, checkLimit, RUN_INPUT_LIMIT } from '../../contract/limits.js';
import { Phase } from '../../contract/phases.js';
import { assertSlug, slugOf } from '../../contract/slug.js';
import { executionEvent } from '../../execution/event.js';
import { encodeEvent } from '../../execution/codec.js';
import type { ExecutionRow, WriteOp } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import { stampAudit } from '../resources/audit.js';
import { recordChange } from '../resources/changes.js';
import type { ExecutionsContext } from './context.js';
import { executionIntent, NEVER } from './execution-intents.js';
import type { ExecutionKind } from './execution-kind.js';
import { sealRuntime } from './runtime-secrets.js';

/** How long the first start, made right after the commit, has before the intent loop takes over. */
const FIRST_START_MS = 10_000;

/** Columns of an execution that follow from what it refers to. */
export type Belonging = Pick<ExecutionRow, 'sessionId' | 'ownerId' | 'instanceId'>;

/** An execution that is not written yet: its row, and the changes that store it, seal its secrets and see to its start. */
export interface NewExecution {
  readonly row: ExecutionRow;
  readonly ops: readonly WriteOp[];
}

/** Refuses a draft that breaks a rule: of the contract, of our annotations, of its name, or of its size. */
export function checkDraft({ engine }: Pick<ExecutionsContext, 'engine'>, kind: ExecutionKind, draft: AgentExecution | WorkflowExecution): void {
  engine.validate(kind.schema, draft);
  validateAnnotations(kind.kind.kind, draft.metadata);
  const { name = '', slug = '' } = draft.metadata ?? {};
  if (name === '' && slug === '') throw invalidArgument('metadata.name', 'resource name is empty, cannot generate slug');
  if (slug !== '') assertSlug(slug);
  checkLimit(RUN_INPUT_LIMIT, inputBytes(draft));
}

function inputBytes({ spec }: AgentExecution | WorkflowExecution): number {
  if (spec === undefined) return 0;
  const message = 'message' in spec ? spec.message : spec.triggerMessage;
  return Object.entries(spec.runtimeEnv).reduce((sum, [name, { value }]) => sum + byteLength(name) + byteLength(value), byteLength(message));
}

/** Makes the execution of a checked draft. The draft is changed: id, slug, version and audit are filled, secret values taken out. */
export function newExecution(
  { newId, clock }: Pick<ExecutionsContext, 'newId' | 'clock'>,
  kind: ExecutionKind,
  draft: AgentExecution | WorkflowExecution,
  belonging: Belonging,
  caller: Caller,
): NewExecution {
  const now = clock.now();
  const metadata = fillMetadata(draft, newId(kind.kind.kind), newId(ApiResourceKind.api_resource_version));
  const { id } = metadata;
  const waitedFor = (draft.spec?.callbackToken.length ?? 0) > 0;
  const secrets = draft.spec === undefined ? [] : sealRuntime(id, draft.spec);
  const status = create(kind.statusSchema) as NonNullable<AgentExecution['status']>;
  stampAudit(status, { actor: caller.name, at: now, event: 'created' });
  draft.status = status;
  const row: ExecutionRow = {
    id,
    kind: kind.stored,
    org: metadata.org,
    slug: metadata.slug,
    name: metadata.name,
    ...belonging,
    version: metadata.version?.id ?? '',
    tags: metadata.tags,
    createdAt: now,
    data: toBinary(kind.schema, draft),
  };
  return {
    row,
    ops: [
      {
        op: 'insert-execution',
        row,
        head: { revision: 1, phase: Phase.PENDING, startedAt: '', completedAt: '', error: '' },
        // An event of its own, so that whoever follows the log hears of the execution.
        events: [encodeEvent(executionEvent('phaseChanged', { phase: Phase.PENDING }))],
      },
      ...secrets,
      recordChange({ kind: row.kind, id, org: row.org }, 'created', caller, now),
      { op: 'put-intent', intent: executionIntent('start-workflow', id, now + FIRST_START_MS) },
      ...(waitedFor ? [{ op: 'put-intent', intent: executionIntent('complete-token', id, NEVER) } as const] : []),
    ],
  };
}

/** Names of executions need not be unique; one without an ASCII letter or digit gives no slug, and the id stands in. */
function fillMetadata(draft: AgentExecution | WorkflowExecution, id: string, versionId: string): ApiResourceMetadata {
  draft.metadata ??= create(ApiResourceMetadataSchema);
  const { metadata } = draft;
  metadata.id = id;
  metadata.slug ||= slugOf(metadata.name) || id;
  metadata.name ||= metadata.slug;
  metadata.version = create(ApiResourceMetadataVersionSchema, { id: versionId, message: metadata.version?.message ?? '' });
  return metadata;
}
