import { randomUUID } from 'node:crypto';
import type { Clock } from '../../contract/clock.js';
import type { Introduction } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';

/** A runner, or the worker, that is connected and gives signs of life. */
export interface Lease {
  readonly id: string;
  readonly introduction: Introduction;
  /** Name of the token that it came with. */
  readonly token: string;
  readonly since: number;
  slotsUsed: number;
  readonly executionIds: Set<string>;
  /** It was told to take no more work. */
  draining: boolean;
}

/** A lease that is no more. */
export interface LostLease {
  readonly lease: Lease;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
}

/** How the server talks to the holder. */
export interface LeaseLine {
  cancel(executionId: string, reason: string): void;
  drain(reason: string): void;
  /** Ends the stream: another one with the same name has come. */
  replace(): void;
}

/** Lost leases that are remembered, so that a notice can say who was last seen, and why it is gone. */
const REMEMBERED = 64;

/** Who is there to do the work: leases by id, and those that were lost. */
export class LeaseRegistry {
  readonly #clock: Clock;
  readonly #held = new Map<string, { readonly lease: Lease; readonly line: LeaseLine }>();
  #lost: LostLease[] = [];
  readonly #listeners = new Set<(change: { readonly lease: Lease; readonly held: boolean }) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives a lease to a newcomer. One that holds a lease under the same name loses it: it has come back by another way. */
  open(introduction: Introduction, token: string, line: LeaseLine): Lease {
    for (const held of this.#held.values()) if (held.lease.introduction.name === introduction.name) held.line.replace();
    const lease: Lease = {
      id: randomUUID(),
      introduction,
      token,
      since: this.#clock.now(),
      slotsUsed: 0,
      executionIds: new Set(),
      draining: false,
    };
    this.#held.set(lease.id, { lease, line });
    this.#lost = this.#lost.filter(({ lease: { introduction: lost } }) => lost.name !== introduction.name);
    this.#tell(lease, true);
    return lease;
  }

  beat(lease: Lease, slotsUsed: number, executionIds: readonly string[]): void {
    lease.slotsUsed = slotsUsed;
    lease.executionIds.clear();
    for (const id of executionIds) lease.executionIds.add(id);
  }

  close(lease: Lease, reason: string): void {
    if (!this.#held.delete(lease.id)) return;
    this.#lost = [...this.#lost.slice(1 - REMEMBERED), { lease, at: this.#clock.now(), reason }];
    this.#tell(lease, false);
  }

  get(id: string): Lease | undefined {
    return this.#held.get(id)?.lease;
  }

  all(): Lease[] {
    return [...this.#held.values()].map(({ lease }) => lease);
  }

  ofComponent(component: string): Lease[] {
    return this.all().filter(({ introduction }) => introduction.component === component);
  }

  ofQueue(queue: string): Lease[] {
    return this.all().filter(({ introduction }) => introduction.taskQueues.includes(queue));
  }

  /** Who works on an execution, by its own word. */
  ofExecution(executionId: string): Lease | undefined {
    return this.all().find(({ executionIds }) => executionIds.has(executionId));
  }

  /** The last one that polled a queue and is gone. */
  lastOfQueue(queue: string): LostLease | undefined {
    return this.#lost.findLast(({ lease }) => lease.introduction.taskQueues.includes(queue));
  }

  /** Leases that were lost while they worked on this execution, newest first. */
  lostWith(executionId: string): LostLease | undefined {
    return this.#lost.findLast(({ lease }) => lease.executionIds.has(executionId));
  }

  /** Leases that were lost, oldest first. */
  lost(): readonly LostLease[] {
    return this.#lost;
  }

  /** Tells whoever works on an execution to stop. False when nobody is known to. */
  cancel(executionId: string, reason: string): boolean {
    let told = false;
    for (const { lease, line } of this.#held.values()) {
      if (!lease.executionIds.has(executionId)) continue;
      line.cancel(executionId, reason);
      told = true;
    }
    return told;
  }

  /** Tells everybody to take no more work. */
  drain(reason: string): void {
    for (const { lease, line } of this.#held.values()) {
      lease.draining = true;
      line.drain(reason);
    }
  }

  /** Calls back when a lease is given or lost. Gives the function that ends it. */
  onChange(listener: (change: { readonly lease: Lease; readonly held: boolean }) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(lease: Lease, held: boolean): void {
    for (const listener of this.#listeners) listener({ lease, held });
  }
}
