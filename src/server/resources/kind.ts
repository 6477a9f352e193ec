import type { DescMessage, DescService } from '@bufbuild/protobuf';
import type { FieldViolation } from '../../contract/errors.js';
import type { ApiResourceReference } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import type { ApiResourceKind, ResourceKind } from '../../contract/kinds.js';
import type { ResourceRow, Store } from '../../store/ports.js';
import type { Validate } from '../../contract/validation.js';
import type { CallContext } from '../rpc.js';
import type { ResourceEngine } from './engine.js';
import type { Resource } from './resource.js';

/** What is special about one kind of resource. Everything else is the engine's. */
export interface KindDefinition<R extends Resource = Resource> {
  readonly kind: ResourceKind;
  /** Of the message R. */
  readonly schema: DescMessage;
  /** What resources of this kind belong to and go with. */
  readonly parent?: ParentRule<R>;
  readonly references?: readonly ReferenceRule<R>[];
  /** Values that are sealed when they are marked secret. */
  readonly secrets?: SecretRule<R>;
  /** A child of another kind that each resource of this kind has from the start. */
  readonly defaultChild?: DefaultChildRule<R>;
  /** Which executions go with a resource of this kind: by which column of theirs it is known. */
  readonly executions?: 'sessionId' | 'ownerId' | 'instanceId';
  /** Rules beyond those of the contract's own validation. */
  check?(resource: R, validate: Validate): readonly FieldViolation[];
  /** Fields of the status that follow from the spec; called with each accepted change, times in milliseconds since 1970. */
  deriveStatus?(resource: R, now: number): void;
  /** Of versioned kinds: the row of a resource at the version that a reference names, or undefined when it has none of that name. */
  atVersion?(store: Store, row: ResourceRow, version: string): Promise<ResourceRow | undefined>;
  /** Called before a resource is deleted, gives what is to be done after. */
  cleanUp?(store: Store, id: string): Promise<() => Promise<void>>;
  /** An `apply` of something that exists is refused. */
  readonly applyCreatesOnly?: boolean;
  /** Services of the contract for this kind. The usual methods are known by their names. */
  readonly services: readonly DescService[];
  /** Methods beyond the usual ones, by name. */
  readonly methods?: Readonly<Record<string, ExtraMethod>>;
}

/** A method that only one kind has, in terms of the engine. */
export type ExtraMethod = (engine: ResourceEngine, request: never, call: CallContext) => Promise<unknown>;

export interface ParentRule<R extends Resource> {
  /** Path of the field with the parent's id, in proto names. Must be set. */
  readonly field: string;
  /** Kind of the parent; without one, the parent is an execution, which is not looked up. */
  readonly kind?: ApiResourceKind;
  id(resource: R): string;
}

export interface ReferenceRule<R extends Resource> {
  readonly kind: ApiResourceKind;
  /** A required target must be there and cannot be deleted; a weak one is noted when it is there. */
  readonly required: boolean;
  targets(resource: R): readonly ReferenceTarget[];
}

export interface ReferenceTarget {
  /** Path of the field, such as `spec.skill_refs[0]`. */
  readonly field: string;
  readonly reference: ApiResourceReference;
}

/** A value that may be secret, as environments and execution contexts have it. */
export interface SecretValue {
  value: string;
  isSecret: boolean;
}

export interface SecretRule<R extends Resource> {
  /** Path of the map. */
  readonly field: string;
  values(resource: R): Record<string, SecretValue> | undefined;
}

export interface DefaultChildRule<R extends Resource> {
  readonly kind: ApiResourceKind;
  /** Spec of the child, for its parent. */
  draft(parent: R): Resource;
  /** Id of the child as the parent's status has it, or ''. */
  get(parent: R): string;
  set(parent: R, childId: string): void;
}
