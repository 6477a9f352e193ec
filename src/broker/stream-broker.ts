import { Observable } from 'rxjs';
import type { Clock } from '../contract/clock.js';
import { resourceExhausted, StigmerError, unavailable } from '../contract/errors.js';
import { DeltaWatcher } from './delta-watcher.js';
import { type BrokerSettings, defaultBrokerSettings } from './settings.js';
import { SnapshotWatcher } from './snapshot-watcher.js';
import { type BrokerContext, Topic } from './topic.js';
import type { BrokerMetrics, Publication, StreamModel, StreamNotice, StreamSource, WatchItem, WatchOptions } from './types.js';

export interface StreamBrokerOptions<S, E, N extends StreamNotice> {
  readonly model: StreamModel<S, E>;
  readonly source: StreamSource<S, N>;
  readonly clock: Clock;
  readonly settings?: Partial<BrokerSettings>;
  /** Runs a function at the end of this turn of the event loop. Default `queueMicrotask`. */
  readonly defer?: (fn: () => void) => void;
}

interface Watched<S, E, N extends StreamNotice> {
  readonly topic: Topic<S, E, N>;
  watchers: number;
}

/**
 * Carries committed events to whoever watches, each at its own pace.
 *
 * A watch starts at a snapshot or at the revision that the watcher has, and gives every later revision once and in order; where one item
 * stands for several, its events are merged or it is a snapshot that says why. Transitions are never skipped. The end comes once and last.
 */
export class StreamBroker<S, E, N extends StreamNotice> {
  readonly #context: BrokerContext<S, E, N>;
  readonly #topics = new Map<string, Watched<S, E, N>>();
  #isClosed = false;

  constructor({ model, source, clock, settings, defer = queueMicrotask }: StreamBrokerOptions<S, E, N>) {
    const metrics = { watchers: 0, keys: 0, tailBytes: 0, items: 0, bytes: 0, conflations: 0, resyncs: 0, cutOffs: 0, maxLag: 0 };
    const boundTails = (): void => this.#boundTails();
    this.#context = { model, source, clock, defer, metrics, boundTails, settings: { ...defaultBrokerSettings, ...settings } };
  }

  get metrics(): Readonly<BrokerMetrics> {
    return this.#context.metrics;
  }

  /** Tells watchers of a committed append. Costs a look-up when nobody watches. */
  publish(key: string, publication: Publication): void {
    this.#topics.get(key)?.topic.publish(publication);
  }

  /** Tells watchers of a notice. Watchers who come later learn of it when the source's `load` gives it. */
  notify(key: string, notice: N): void {
    this.#topics.get(key)?.topic.notify(notice);
  }

  /** The key was deleted: its watchers get an end that says so. */
  remove(key: string): void {
    this.#topics.get(key)?.topic.remove();
  }

  /** Something of the state changed that is no event: it is loaded anew, and watchers get a snapshot. */
  refresh(key: string): void {
    this.#topics.get(key)?.topic.refresh();
  }

  /**
   * A watch. It begins when the Observable is subscribed to, ends after the end of the key, and is given up by unsubscribing.
   *
   * Errors, all StigmerErrors: NOT_FOUND when the source has no such key; RESOURCE_EXHAUSTED when there are too many watchers, or when the
   * transport took nothing for too long (views with deltas; the text says where to resume); UNAVAILABLE when the broker is closed; what
   * the source throws.
   */
  watch(key: string, options: WatchOptions<S, E, N>): Observable<WatchItem> {
    return new Observable((subscriber) => {
      const refusal = this.#refusal(key);
      if (refusal !== undefined) {
        subscriber.error(refusal);
        return undefined;
      }
      const watched = this.#topics.get(key) ?? this.#open(key);
      const { topic } = watched;
      const kind = options.view.deltas === undefined ? SnapshotWatcher : DeltaWatcher;
      const watcher = new kind(topic, options, this.#context, subscriber);
      watched.watchers++;
      this.#context.metrics.watchers++;
      const news = (kind === SnapshotWatcher ? topic.ticks : topic.turns).subscribe(() => watcher.pump());
      const demand = options.demand.subscribe({
        next: () => watcher.request(),
        error: (error: unknown) => watcher.fail(StigmerError.from(error)),
      });
      return () => {
        watcher.stop();
        news.unsubscribe();
        demand.unsubscribe();
        watched.watchers--;
        this.#context.metrics.watchers--;
        if (watched.watchers === 0) this.#drop(key, topic);
      };
    });
  }

  /** Ends every watch with UNAVAILABLE: the server stops. */
  close(): void {
    this.#isClosed = true;
    for (const { topic } of this.#topics.values()) topic.fail(stopping());
  }

  #open(key: string): Watched<S, E, N> {
    const watched = { topic: new Topic(key, this.#context), watchers: 0 };
    this.#topics.set(key, watched);
    this.#context.metrics.keys++;
    return watched;
  }

  #drop(key: string, topic: Topic<S, E, N>): void {
    topic.close();
    if (this.#topics.get(key)?.topic !== topic) return;
    this.#topics.delete(key);
    this.#context.metrics.keys--;
  }

  #refusal(key: string): StigmerError | undefined {
    if (this.#isClosed) return stopping();
    const { metrics, settings } = this.#context;
    if (metrics.watchers >= settings.watchers) return resourceExhausted('the server', settings.watchers, metrics.watchers + 1, 'watchers');
    const here = this.#topics.get(key)?.watchers ?? 0;
    if (here >= settings.watchersPerKey) return resourceExhausted(key, settings.watchersPerKey, here + 1, 'watchers');
    return undefined;
  }

  /** Keeps the tails of all keys together within their bound: a key's whole tail goes, then the next one's. */
  #boundTails(): void {
    const { metrics, settings } = this.#context;
    let left = this.#topics.size;
    while (metrics.tailBytes > settings.totalTailBytes && left-- > 0) {
      const [key, watched] = this.#topics.entries().next().value as [string, Watched<S, E, N>];
      watched.topic.dropTail();
      this.#topics.delete(key);
      this.#topics.set(key, watched);
    }
  }
}

function stopping(): StigmerError {
  return unavailable('the server is stopping; the watch can be resumed from the last revision it gave', { reason: 'STOPPING' });
}
