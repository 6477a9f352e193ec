import { getOption } from '@bufbuild/protobuf';
import { ApiResourceGroupSchema, group_meta } from './gen/ai/stigmer/commons/apiresource/apiresourcekind/api_resource_group_pb.js';
import {
  ApiResourceKind,
  ApiResourceKindSchema,
  ApiResourceVersionSchema,
  kind_meta,
  ResourceTier,
} from './gen/ai/stigmer/commons/apiresource/apiresourcekind/api_resource_kind_pb.js';

export { ApiResourceKind };

/** A kind of resources, as the options of the enum ApiResourceKind describe it. */
export interface ResourceKind {
  readonly kind: ApiResourceKind;
  /** Name of the enum value, used in storage and in references: `agent_execution`. */
  readonly enumName: string;
  /** Name in manifests and error texts: `AgentExecution`. */
  readonly name: string;
  /** For people: `Agent Execution`. */
  readonly displayName: string;
  /** Ids read `<idPrefix>-<ULID in lower case>`. */
  readonly idPrefix: string;
  /** `agentic.stigmer.ai/v1`. */
  readonly apiVersion: string;
  /** For the command line: `agent-executions`. */
  readonly plural: string;
  /** Earlier versions are kept. */
  readonly versioned: boolean;
  /** False for the kinds that only the hosted edition serves. */
  readonly openSource: boolean;
}

/** All kinds, in the order of their numbers. */
export const resourceKinds: readonly ResourceKind[] = ApiResourceKindSchema.values.flatMap((value): ResourceKind[] => {
  const meta = getOption(value, kind_meta);
  if (!meta.idPrefix) return [];
  const group = getOption(ApiResourceGroupSchema.value[meta.group], group_meta);
  return [
    {
      kind: ApiResourceKind[value.localName as keyof typeof ApiResourceKind],
      enumName: value.name,
      name: meta.name,
      displayName: meta.displayName,
      idPrefix: meta.idPrefix,
      apiVersion: `${group.domain}/${ApiResourceVersionSchema.value[meta.version].name}`,
      plural: plural(value.name.replaceAll('_', '-')),
      versioned: meta.isVersioned,
      openSource: meta.tier === ResourceTier.TIER_OPEN_SOURCE,
    },
  ];
});

function plural(word: string): string {
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
}

function index<K>(key: (kind: ResourceKind) => K): ReadonlyMap<K, ResourceKind> {
  return new Map(resourceKinds.map((kind) => [key(kind), kind]));
}

const byNumber = index((kind) => kind.kind);
const byName = index((kind) => kind.name);
const byEnumName = index((kind) => kind.enumName);
const byIdPrefix = index((kind) => kind.idPrefix);
const bySpelling = new Map(resourceKinds.flatMap((kind) => [kind.enumName, kind.name, kind.plural].map((text) => [spelling(text), kind])));

/** The kind of a number. A number without a kind, such as 0, is a fault of the caller. */
export function resourceKind(kind: ApiResourceKind): ResourceKind {
  const found = byNumber.get(kind);
  if (!found) throw new RangeError(`no resource kind has the number ${kind}`);
  return found;
}

/** By the name in manifests: `AgentExecution`. */
export function kindByName(name: string): ResourceKind | undefined {
  return byName.get(name);
}

/** By the name of the enum value: `agent_execution`. */
export function kindByEnumName(enumName: string): ResourceKind | undefined {
  return byEnumName.get(enumName);
}

/** By the prefix of its ids: `aex`. */
export function kindByIdPrefix(idPrefix: string): ResourceKind | undefined {
  return byIdPrefix.get(idPrefix);
}

/** By any of its names as a person may type it, singular or plural: `agent-executions`, `agent_execution`, `AgentExecution`. */
export function kindBySpelling(text: string): ResourceKind | undefined {
  return bySpelling.get(spelling(text));
}

function spelling(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ ]/g, '');
}
