import type { PublishedExecution } from '../../../src/broker/execution-model.js';
import type { LoadedState, StreamSource } from '../../../src/broker/types.js';
import { Code, StigmerError } from '../../../src/contract/errors.js';
import type { ExecutionEvent } from '../../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import type { Notice } from '../../../src/contract/gen/stigmer/stream/v1/notice_pb.js';
import { isTerminal } from '../../../src/contract/phases.js';
import { encodeEvent } from '../../../src/execution/codec.js';
import { type AgentProjection, cloneProjection, initialProjection } from '../../../src/execution/projection.js';
import { KEYS } from './steps.js';

/** One execution's log, with the state at each revision: what every watcher is measured against. */
export class SimulatedLog {
  readonly events: Uint8Array[] = [];
  readonly states: AgentProjection[] = [initialProjection('agent') as AgentProjection];
  keptFrom = 0;
  refreshes = 0;
  /** Some publication was lost: who is not sent events may have missed a transition in it. */
  hasGaps = false;

  get head(): AgentProjection {
    return this.states.at(-1) as AgentProjection;
  }

  get hasEnded(): boolean {
    return isTerminal(this.head.status.phase);
  }

  append(make: (next: AgentProjection) => ExecutionEvent): void {
    const next = cloneProjection(this.head) as AgentProjection;
    this.events.push(encodeEvent(make(next)));
    this.states.push(next);
  }

  /** Phases in the order in which they were entered, from one revision to another. */
  phases(from: number, to: number): number[] {
    return runs(this.states.slice(from, to + 1).map(({ status }) => status.phase));
  }
}

export function runs(values: readonly number[]): number[] {
  return values.filter((value, i) => value !== values[i - 1]);
}

/** Where the broker loads from. Answers may be held back or fail. */
export class SimulatedStore implements StreamSource<PublishedExecution, Notice> {
  readonly logs = new Map(KEYS.map((key) => [key as string, new SimulatedLog()]));
  isHeld = false;
  failNext = false;
  readonly #held: (() => void)[] = [];

  async load(key: string): Promise<LoadedState<PublishedExecution, Notice> | undefined> {
    const log = this.logs.get(key) as SimulatedLog;
    const revision = log.events.length;
    const state = { projection: cloneProjection(log.head), resource: new Uint8Array(), statusExtras: new Uint8Array() };
    await this.#delay();
    return { revision, state };
  }

  async read(key: string, after: number, limit: number): Promise<readonly Uint8Array[] | undefined> {
    const log = this.logs.get(key) as SimulatedLog;
    const events = after < log.keptFrom ? undefined : log.events.slice(after, after + limit);
    await this.#delay();
    return events;
  }

  answer(): void {
    this.isHeld = false;
    for (const go of this.#held.splice(0)) go();
  }

  async #delay(): Promise<void> {
    if (this.isHeld) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (!this.failNext) return;
    this.failNext = false;
    throw new StigmerError(Code.UNAVAILABLE, 'the disk is away');
  }
}

