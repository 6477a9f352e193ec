import { toBinary } from '@bufbuild/protobuf';
import { type Skill, SkillSchema } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import type { ResourceRow, Store } from '../../../store/ports.js';
import { everyPage } from '../every-page.js';
import type { KindDefinition } from '../kind.js';
import { fromRow, metadataOf } from '../resource.js';

/**
 * One push of a skill: the whole skill as it was then. It belongs to the skill; its row carries the content's hash as a label and the
 * tag as a tag, by which it is found. Rows are in the order of the pushes.
 */
export const skillVersionKind: KindDefinition<Skill> = {
  kind: resourceKind(ApiResourceKind.api_resource_version),
  schema: SkillSchema,
  parent: { field: 'metadata.id', kind: ApiResourceKind.skill, id: (skill) => metadataOf(skill).id },
  services: [],
};

const { enumName } = skillVersionKind.kind;

/** The row of the version that a skill is at. `id` is the id of its metadata.version. */
export function versionRow(skill: Skill, id: string, at: number): ResourceRow {
  const { id: parent, org, ownerScope: scope } = metadataOf(skill);
  const tag = skill.spec?.tag ?? '';
  return {
    kind: enumName,
    id,
    org,
    slug: '',
    scope,
    parent,
    version: id,
    labels: { hash: skill.status?.versionHash ?? '' },
    tags: tag === '' ? [] : [tag],
    references: [],
    createdAt: at,
    updatedAt: at,
    data: toBinary(SkillSchema, skill),
  };
}

/**
 * The row of a skill at the version of a reference: a hash, or a tag, which means the newest push that had it. Without a version, or
 * with `latest`, the skill as it is. Undefined when there is no such version.
 */
export async function atVersion(store: Store, row: ResourceRow, version: string): Promise<ResourceRow | undefined> {
  const wanted = version.trim();
  if (wanted === '' || wanted === 'latest') return row;
  const { spec, status } = fromRow<Skill>(skillVersionKind, row);
  if (wanted === status?.versionHash || wanted === spec?.tag) return row;
  const isHash = /^[0-9a-f]{64}$/.test(wanted);
  const filter = { parent: row.id, ...(isHash ? { labels: { hash: wanted } } : { tags: [wanted] }) };
  let newest: ResourceRow | undefined;
  for await (const found of everyPage((page) => store.resources.list(enumName, filter, page))) newest = found;
  return newest;
}

/** Whether any version of any skill has this content. */
export async function isContentUsed(store: Store, hash: string): Promise<boolean> {
  const { total } = await store.resources.list(enumName, { labels: { hash } }, { limit: 1 });
  return total > 0;
}

/** Keys of the archives of a skill, of all its versions. */
export async function artifactKeysOf(store: Store, skillId: string): Promise<string[]> {
  const keys = new Set<string>();
  for await (const row of everyPage((page) => store.resources.list(enumName, { parent: skillId }, page))) {
    keys.add(fromRow<Skill>(skillVersionKind, row).status?.artifactStorageKey ?? '');
  }
  return [...keys];
}
