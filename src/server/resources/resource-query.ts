import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { invalidArgument } from '../../contract/errors.js';
import {
  Change_Action,
  type Change,
  ChangeSchema,
  ListChangesResponseSchema,
  ListResponseSchema,
  ListSkillVersionsResponseSchema,
  type Resource as AnyResource,
  ResourceQuery,
  ResourceSchema,
  type SkillVersion,
  SkillVersionSchema,
} from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import type { Skill } from '../../contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { ApiResourceKind, kindByEnumName, resourceKind, resourceKinds } from '../../contract/kinds.js';
import type { ChangeRecord, ResourceRow } from '../../store/ports.js';
import { bindService, type ServiceBinding } from '../rpc.js';
import type { ResourceEngine } from './engine.js';
import type { KindDefinition } from './kind.js';
import { kindDefinitions } from './kinds/index.js';
import { skillKind } from './kinds/skill.js';
import { pageSize } from './list.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { fromRow } from './resource.js';
import { skillVersionKind } from './skills/versions.js';

/** Lists over all kinds, which the contract has no methods for. */
export function resourceQuery(engine: ResourceEngine): ServiceBinding {
  return bindService(ResourceQuery, {
    async list({ kind: number, org, labels, tags, pageSize: size, pageToken }) {
      const kind = listableKind(number);
      const page = await engine.list(kind, [{ ...(org === '' ? {} : { org }), labels, tags }], { pageSize: size, pageToken });
      return create(ListResponseSchema, {
        resources: page.rows.map((row) => anyResource(kind, row)),
        nextPageToken: page.nextPageToken ?? '',
        total: page.total,
      });
    },
    async listChanges({ kind: number, resourceId, pageSize: size, pageToken }) {
      const filter = {
        ...(number === ApiResourceKind.api_resource_kind_unknown ? {} : { kind: knownKind(number) }),
        ...(resourceId === '' ? {} : { resourceId }),
      };
      const after = decodePageToken(pageToken, filter);
      const page = await engine.store.changes.list(filter, { ...(after === '' ? {} : { after }), limit: pageSize(size) });
      return create(ListChangesResponseSchema, {
        changes: page.items.map(changeMessage),
        nextPageToken: page.next === undefined ? '' : encodePageToken(page.next, filter),
        total: page.total,
      });
    },
    async listSkillVersions({ skillId, pageSize: size, pageToken }) {
      await engine.row(skillKind, skillId);
      const page = await engine.list(skillVersionKind, [{ parent: skillId }], { pageSize: size, pageToken });
      return create(ListSkillVersionsResponseSchema, {
        versions: page.rows.map((row) => skillVersion(fromRow(skillVersionKind, row))),
        nextPageToken: page.nextPageToken ?? '',
        total: page.total,
      });
    },
  });
}

function skillVersion({ spec, status }: Skill): SkillVersion {
  const { updatedAt, updatedBy } = status?.audit?.specAudit ?? {};
  return create(SkillVersionSchema, {
    versionHash: status?.versionHash ?? '',
    tag: spec?.tag ?? '',
    ...(updatedAt === undefined ? {} : { pushedAt: updatedAt }),
    pushedBy: updatedBy?.id ?? '',
    artifactStorageKey: status?.artifactStorageKey ?? '',
  });
}

function listableKind(number: ApiResourceKind): KindDefinition {
  const served = kindDefinitions.filter(({ services }) => services.length > 0);
  const found = served.find(({ kind }) => kind.kind === number);
  if (found !== undefined) return found;
  const listable = served.map(({ kind }) => `${kind.enumName} (${kind.kind})`).join(', ');
  throw invalidArgument('kind', `must be one of ${listable}`);
}

function knownKind(number: ApiResourceKind): string {
  if (!resourceKinds.some(({ kind }) => kind === number)) throw invalidArgument('kind', `${number} is not the number of a kind`);
  return resourceKind(number).enumName;
}

function anyResource(kind: KindDefinition, row: ResourceRow): AnyResource {
  // The fields of the message are named as the kinds are.
  const field = ResourceSchema.fields.find(({ name }) => name === kind.kind.enumName);
  return create(ResourceSchema, { resource: { case: field?.localName, value: fromRow(kind, row) } as AnyResource['resource'] });
}

const ACTIONS = { created: Change_Action.CREATED, updated: Change_Action.UPDATED, deleted: Change_Action.DELETED } as const;

function changeMessage({ at, actor, action, kind, resourceId, org, fields }: ChangeRecord): Change {
  return create(ChangeSchema, {
    at: timestampFromMs(at),
    actor,
    action: ACTIONS[action],
    ...(kindByEnumName(kind) === undefined ? {} : { kind: kindByEnumName(kind)!.kind }),
    resourceId,
    org,
    fields: [...fields],
  });
}
