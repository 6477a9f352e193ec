import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import type { Resource } from './resource.js';

/** What is special about one kind of resource. */
export interface ResourceKind<R extends Resource = Resource> {
  /** Name of the kind's enum value, as it stands in the store: `agent_instance`. */
  readonly name: string;
  readonly schema: GenMessage<R>;
}
