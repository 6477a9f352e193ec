import type { WriteOp } from '../../store/ports.js';
import type { Resource } from './resource.js';

/** What a command did, or a dry run would do, to the resource that it names. */
export type Outcome = 'created' | 'updated' | 'unchanged' | 'deleted';

/**
 * A command worked out but not carried out: the changes that make it happen, and the answer once they are committed. Plans are made
 * to be joined: several of them go to the store as one write.
 */
export interface Plan<R extends Resource = Resource> {
  /** The resource as it is answered: complete, with secret values shown as `***`. */
  readonly resource: R;
  /** In an order that may be joined to another plan's ops after those of what it refers to. Empty when nothing changes. */
  readonly ops: readonly WriteOp[];
  readonly outcome: Outcome;
  /** Paths of the fields that change, in proto names (`spec.instructions`); empty unless updated. */
  readonly fields: readonly string[];
  /** How many resources of which kinds go with a deleted one. */
  readonly cascade?: Readonly<Record<string, number>>;
}
