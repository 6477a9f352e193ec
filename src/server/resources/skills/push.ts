import { create } from '@bufbuild/protobuf';
import { invalidArgument } from '../../../contract/errors.js';
import { type Skill, SkillSchema } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import type { PushSkillRequest } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/io_pb.js';
import { SkillSpecSchema } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/spec_pb.js';
import { SkillState, SkillStatusSchema } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/status_pb.js';
import type { ApiResourceOwnerScope } from '../../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { slugOf } from '../../../contract/slug.js';
import type { Caller } from '../../rpc.js';
import { planInsertion } from '../create.js';
import type { EngineContext } from '../engine-context.js';
import type { KindDefinition } from '../kind.js';
import type { Plan } from '../plan.js';
import { copyOf, fromRow, metadataOf } from '../resource.js';
import { Scope } from '../scope.js';
import { planReplacement } from '../update.js';
import { validateDraft } from '../validate.js';
import type { SkillArchive } from './archive.js';
import { artifactKey } from './artifacts.js';
import { versionRow } from './versions.js';

/**
 * Plans a push: a new skill, or a new version of the one with the name's slug in the organisation. Labels, tags and annotations of an
 * existing skill stay. The same content under the same tag changes nothing.
 */
export async function planPush(
  context: EngineContext,
  kind: KindDefinition<Skill>,
  request: PushSkillRequest,
  archive: SkillArchive,
  caller: Caller,
): Promise<Plan<Skill>> {
  const row = await context.store.resources.getBySlug(kind.kind.enumName, request.org, pushedSlug(request));
  const draft = row === undefined ? newSkill(kind, request) : fromRow(kind, row);
  draft.spec = create(SkillSpecSchema, { skillMd: archive.skillMd, tag: request.tag });
  validateDraft(context, kind, draft);
  const amend = (skill: Skill): void => setContent(skill, archive);
  const plan = await (row === undefined
    ? planInsertion(context, kind, draft, caller, { amend })
    : planReplacement(context, kind, rescoped(kind, draft, request), row, caller, { amend }));
  if (plan.outcome === 'unchanged') return plan;
  const version = metadataOf(plan.resource).version?.id ?? '';
  return { ...plan, ops: [...plan.ops, { op: 'insert-resource', row: versionRow(plan.resource, version, context.clock.now()) }] };
}

/** Slug of the skill that a push is about. */
export function pushedSlug({ name }: PushSkillRequest): string {
  const slug = slugOf(name);
  if (slug === '') throw invalidArgument('name', `invalid skill name: '${name}' has no ASCII letter or digit to make a slug from`);
  return slug;
}

function newSkill({ kind }: KindDefinition, request: PushSkillRequest): Skill {
  const { name, org } = request;
  return create(SkillSchema, { apiVersion: kind.apiVersion, kind: kind.name, metadata: { name, org, ownerScope: scopeOf(request) } });
}

function rescoped(kind: KindDefinition<Skill>, stored: Skill, request: PushSkillRequest): Skill {
  const draft = copyOf(kind, stored);
  const metadata = metadataOf(draft);
  if (request.scope !== Scope.unspecified) metadata.ownerScope = scopeOf(request);
  metadata.name = request.name;
  return draft;
}

function scopeOf({ scope, org }: PushSkillRequest): ApiResourceOwnerScope {
  if (scope === Scope.account) throw invalidArgument('scope', 'Skill resources can only have platform or organization scope');
  if (scope !== Scope.unspecified) return scope;
  return org === '' ? Scope.platform : Scope.organization;
}

function setContent(skill: Skill, { hash }: SkillArchive): void {
  skill.status ??= create(SkillStatusSchema);
  Object.assign(skill.status, { versionHash: hash, artifactStorageKey: artifactKey(hash), state: SkillState.READY });
}
