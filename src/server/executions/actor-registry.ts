import { type ActorContext, ExecutionActor } from './execution-actor.js';

export interface RegistryLimits {
  /** An actor that had nothing to do for so long is dropped, in milliseconds. */
  readonly idleMs: number;
  /** Bytes of state that idle actors may hold together. */
  readonly idleBytes: number;
  /** Actors in memory beyond which idle ones are looked for at once. */
  readonly actors: number;
}

const DEFAULT_LIMITS: RegistryLimits = { idleMs: 60_000, idleBytes: 64 * 1024 * 1024, actors: 4_096 };

interface Slot {
  readonly actor: ExecutionActor;
  usedAt: number;
}

/** The actors that are in memory: one for each execution that something is being done with, and some that were used a moment ago. */
export class ActorRegistry {
  readonly #context: ActorContext;
  readonly #limits: RegistryLimits;
  /** Least recently used first. */
  readonly #slots = new Map<string, Slot>();
  #cancelSweep: (() => void) | undefined;

  constructor(context: ActorContext, limits: Partial<RegistryLimits> = {}) {
    this.#context = context;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** The actor of an execution, whether there is such an execution or not: it finds out with its first update. */
  actor(id: string): ExecutionActor {
    const slot = this.#slots.get(id) ?? { actor: new ExecutionActor(id, this.#context), usedAt: 0 };
    slot.usedAt = this.#context.clock.now();
    this.#slots.delete(id);
    this.#slots.set(id, slot);
    if (this.#slots.size > this.#limits.actors) this.#sweep();
    this.#cancelSweep ??= this.#context.clock.setTimer(this.#limits.idleMs / 2, () => this.#sweep());
    return slot.actor;
  }

  /** The actor that is in memory, if there is one. */
  peek(id: string): ExecutionActor | undefined {
    return this.#slots.get(id)?.actor;
  }

  get size(): number {
    return this.#slots.size;
  }

  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  #sweep(): void {
    this.#cancelSweep?.();
    const oldest = this.#context.clock.now() - this.#limits.idleMs;
    const idle = [...this.#slots.values()].filter(({ actor }) => actor.idle);
    let bytes = idle.reduce((sum, { actor }) => sum + actor.bytes, 0);
    for (const { actor, usedAt } of idle) {
      if (usedAt > oldest && bytes <= this.#limits.idleBytes && this.#slots.size <= this.#limits.actors) break;
      bytes -= actor.bytes;
      this.#slots.delete(actor.id);
    }
    this.#cancelSweep = this.#slots.size === 0 ? undefined : this.#context.clock.setTimer(this.#limits.idleMs / 2, () => this.#sweep());
  }
}
