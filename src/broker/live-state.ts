import { EventTail } from './event-tail.js';
import type { BrokerSettings } from './settings.js';
import type { EncodedEvent, LoadedState, Publication, StreamModel, StreamNotice } from './types.js';

/** The state right after a change that no watcher may miss. */
export interface Transition<S> {
  readonly revision: number;
  readonly state: S;
}

/** A key's published state, the tail of events that led to it, and the transitions among them. */
export class LiveState<S, E> {
  readonly tail: EventTail<E>;
  readonly transitions: Transition<S>[];
  #state: S;
  readonly #model: StreamModel<S, E>;
  readonly #settings: BrokerSettings;

  /** @param before the state that this one takes the place of: not every watcher may have seen its transitions */
  constructor(model: StreamModel<S, E>, settings: BrokerSettings, loaded: LoadedState<S, StreamNotice>, before?: LiveState<S, E>) {
    this.#model = model;
    this.#settings = settings;
    this.#state = loaded.state;
    this.tail = new EventTail(loaded.revision);
    this.transitions = before?.transitions.filter(({ revision }) => revision <= loaded.revision) ?? [];
  }

  get state(): S {
    return this.#state;
  }

  get revision(): number {
    return this.tail.end;
  }

  get hasEnded(): boolean {
    return this.#model.hasEnded(this.#state);
  }

  /** Takes from a state that was loaded later what no event changes. */
  renew(loaded: S): void {
    this.#state = this.#model.renew(this.#state, loaded);
  }

  /** The first transition after a revision. */
  transitionAfter(revision: number): Transition<S> | undefined {
    return this.transitions.find((transition) => transition.revision > revision);
  }

  /**
   * Takes the events that are new. `gap` when some before them are missing.
   *
   * @throws what decoding or applying throws; the state cannot be used any more
   */
  accept({ firstRevision, events }: Publication): 'nothing new' | 'news' | 'transition' | 'gap' {
    if (firstRevision > this.revision + 1) return 'gap';
    const fresh = events.slice(this.revision + 1 - firstRevision);
    if (fresh.length === 0) return 'nothing new';
    const entries: EncodedEvent<E>[] = [];
    let moved = false;
    for (const [i, bytes] of fresh.entries()) {
      const event = this.#model.decode(bytes);
      entries.push({ event, bytes });
      const isTransition = this.#model.isTransition(this.#state, event);
      this.#model.apply(this.#state, event);
      if (!isTransition) continue;
      moved = true;
      this.transitions.push({ revision: this.revision + i + 1, state: this.#model.clone(this.#state) });
    }
    this.transitions.splice(0, Math.max(0, this.transitions.length - this.#settings.transitions));
    this.tail.append(entries, this.#settings.tailEvents, this.#settings.tailBytes);
    return moved ? 'transition' : 'news';
  }
}
