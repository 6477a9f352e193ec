import { Subject } from 'rxjs';
import type { Clock } from '../contract/clock.js';
import { Code, StigmerError, internal } from '../contract/errors.js';
import { Frames } from './frames.js';
import { LiveState } from './live-state.js';
import { NoticeBoard } from './notice-board.js';
import type { BrokerSettings } from './settings.js';
import type { BrokerMetrics, LoadedState, Publication, StreamModel, StreamNotice, StreamSource, StreamView } from './types.js';

/** What the topics of a broker share. */
export interface BrokerContext<S, E, N extends StreamNotice> {
  readonly model: StreamModel<S, E>;
  readonly source: StreamSource<S, N>;
  readonly clock: Clock;
  readonly settings: BrokerSettings;
  readonly metrics: BrokerMetrics;
  /** Runs a function at the end of this turn of the event loop. */
  readonly defer: (fn: () => void) => void;
  /** Called when a tail has grown: keeps all of them together within their bound. */
  readonly boundTails: () => void;
}

/**
 * One watched key: its published state, loaded when the first watcher comes, and the routes on which its watchers hear that there is
 * something for them. Publications of one turn are told together.
 */
export class Topic<S, E, N extends StreamNotice> {
  readonly key: string;
  /** There is news for watchers of deltas. */
  readonly turns = new Subject<void>();
  /** There is news for watchers of snapshots: a transition, or text, the latter at intervals. */
  readonly ticks = new Subject<void>();
  readonly notices: NoticeBoard<N>;
  /** The state; undefined while it is being loaded. */
  live: LiveState<S, E> | undefined;
  /** Counts loads. Who goes on across one has to ask the log for what came in between. */
  generation = 0;
  /** Counts changes that are no events: after each, every watcher gets a snapshot. */
  refreshes = 0;
  isDeleted = false;
  /** Why the watch cannot go on. */
  failure: StigmerError | undefined;
  readonly #context: BrokerContext<S, E, N>;
  readonly #frames = new Map<StreamView<S, E, N>, Frames<S, E, N>>();
  /** The state before the one that is being loaded. */
  #last: LiveState<S, E> | undefined;
  #early: Publication[] = [];
  /** What the load that is under way must have: it was published before. */
  #published = 0;
  #renewals = 0;
  /** What was loaded for a refresh while the state itself was still being loaded. */
  #renewal: S | undefined;
  #turnIsDue = false;
  #transitionIsDue = false;
  #nextTickAt = 0;
  #cancelTick: (() => void) | undefined;
  #closed = false;

  constructor(key: string, context: BrokerContext<S, E, N>) {
    this.key = key;
    this.#context = context;
    this.notices = new NoticeBoard(context.settings.notices);
    this.#load();
  }

  framesOf(view: StreamView<S, E, N>): Frames<S, E, N> {
    let frames = this.#frames.get(view);
    if (frames === undefined) {
      frames = new Frames(view, this.#context.model, this.#context.settings, this.#context.clock);
      this.#frames.set(view, frames);
    }
    return frames;
  }

  publish(publication: Publication): void {
    if (this.live === undefined) this.#keep(publication);
    else this.#accept(this.live, publication);
  }

  notify(notice: N): void {
    this.notices.put(notice);
    this.#announce(false);
  }

  remove(): void {
    this.isDeleted = true;
    this.#announce(true);
  }

  /** What no event changes was changed: it is loaded, and every watcher gets a snapshot. */
  refresh(): void {
    void this.#renew(++this.#renewals);
  }

  /** Lets go of the events that are kept for watchers. */
  dropTail(): void {
    this.#trackTail(() => this.live?.tail.clear());
  }

  /** Asks for a tick at a time, or when the interval since the last one has passed: a watcher waits for it. */
  tickAt(time: number): void {
    const { clock } = this.#context;
    this.#cancelTick ??= clock.setTimer(Math.max(time, this.#nextTickAt) - clock.now(), () => {
      this.#cancelTick = undefined;
      this.#tick();
    });
  }

  /** Ends every watch with an error. */
  fail(error: StigmerError): void {
    this.failure = error;
    this.turns.next();
    this.ticks.next();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTick?.();
    for (const frames of this.#frames.values()) frames.clear();
    this.#trackTail(() => {
      this.live = undefined;
    });
    this.turns.complete();
    this.ticks.complete();
  }

  #reload(): void {
    this.#last = this.live ?? this.#last;
    this.#trackTail(() => {
      this.live = undefined;
    });
    for (const frames of this.#frames.values()) frames.clear();
    this.#load();
  }

  #load(): void {
    this.generation++;
    void this.#loadState(this.generation);
  }

  async #loadState(generation: number): Promise<void> {
    const isCurrent = (): boolean => !this.#closed && generation === this.generation;
    try {
      const loaded = await this.#context.source.load(this.key);
      if (!isCurrent()) return;
      if (loaded !== undefined) this.#show(loaded);
      else if (!this.isDeleted) this.fail(new StigmerError(Code.NOT_FOUND, `not found: ${this.key}`));
    } catch (error) {
      if (isCurrent()) this.fail(StigmerError.from(error));
    }
  }

  async #renew(renewal: number): Promise<void> {
    const isNewest = (): boolean => !this.#closed && renewal === this.#renewals;
    try {
      const loaded = await this.#context.source.load(this.key);
      if (loaded === undefined || !isNewest()) return;
      if (this.live === undefined) this.#renewal = loaded.state;
      else this.#adopt(this.live, loaded.state);
    } catch (error) {
      if (isNewest()) this.fail(StigmerError.from(error));
    }
  }

  #adopt(live: LiveState<S, E>, loaded: S): void {
    live.renew(loaded);
    this.refreshes++;
    for (const frames of this.#frames.values()) frames.clear();
    this.#announce(true);
  }

  #show(loaded: LoadedState<S, N>): void {
    if (loaded.revision < this.#published) {
      throw internal(`revision ${this.#published} of ${this.key} was published, and revision ${loaded.revision} is what was loaded after it`);
    }
    const live = new LiveState(this.#context.model, this.#context.settings, loaded, this.#last);
    this.#last = undefined;
    this.live = live;
    for (const notice of loaded.notices ?? []) this.notices.put(notice);
    if (this.#renewal !== undefined) this.#adopt(live, this.#renewal);
    this.#renewal = undefined;
    const early = this.#early;
    this.#early = [];
    for (const publication of early) {
      this.#accept(live, publication);
      // It did not fit, and a load has begun that will have the rest too.
      if (this.live !== live || this.failure !== undefined) return;
    }
    this.#announce(true);
  }

  /** Keeps what is published while the state is being loaded; the oldest is let go, since the load most likely has it. */
  #keep(publication: Publication): void {
    this.#early.push(publication);
    const { tailEvents } = this.#context.settings;
    let events = 0;
    for (const { events: more } of this.#early) events += more.length;
    while (events > tailEvents && this.#early.length > 1) events -= (this.#early.shift() as Publication).events.length;
  }

  #accept(live: LiveState<S, E>, publication: Publication): void {
    const outcome = this.#trackTail(() => {
      try {
        return live.accept(publication);
      } catch {
        // The event does not fit a state that must have missed something. Loading gives the true one, or says what is wrong.
        return 'gap';
      }
    });
    if (outcome === 'nothing new') return;
    if (outcome !== 'gap') {
      this.#announce(outcome === 'transition');
      return;
    }
    this.#published = publication.firstRevision + publication.events.length - 1;
    this.#reload();
  }

  #announce(isTransition: boolean): void {
    this.#transitionIsDue ||= isTransition;
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    this.#context.defer(() => this.#turn());
  }

  #turn(): void {
    const isTransition = this.#transitionIsDue;
    this.#turnIsDue = false;
    this.#transitionIsDue = false;
    if (this.#closed) return;
    this.turns.next();
    if (!this.ticks.observed) return;
    if (isTransition || this.#context.clock.now() >= this.#nextTickAt) this.#tick();
    else this.tickAt(this.#nextTickAt);
  }

  #tick(): void {
    const { clock, settings } = this.#context;
    this.#nextTickAt = clock.now() + settings.snapshotIntervalMs;
    this.ticks.next();
  }

  #trackTail<T>(change: () => T): T {
    const before = this.live?.tail.bytes ?? 0;
    const result = change();
    const growth = (this.live?.tail.bytes ?? 0) - before;
    this.#context.metrics.tailBytes += growth;
    if (growth > 0) this.#context.boundTails();
    return result;
  }
}
