import type { Subscriber } from 'rxjs';
import { StigmerError } from '../contract/errors.js';
import type { Frames } from './frames.js';
import type { LiveState } from './live-state.js';
import type { BrokerContext, Topic } from './topic.js';
import type { StreamNotice, WatchItem, WatchOptions } from './types.js';

/**
 * One watch. It holds a place in its topic and how much its transport can take; what it is sent is made when it can be taken. Both kinds
 * of watchers differ in what comes next.
 */
export abstract class Watcher<S, E, N extends StreamNotice> {
  protected readonly topic: Topic<S, E, N>;
  protected readonly context: BrokerContext<S, E, N>;
  protected readonly frames: Frames<S, E, N>;
  /** Revision of the last item. */
  protected place = 0;
  protected isDone = false;
  readonly #subscriber: Subscriber<WatchItem>;
  #demand = 0;
  #isPumping = false;

  constructor(topic: Topic<S, E, N>, options: WatchOptions<S, E, N>, context: BrokerContext<S, E, N>, subscriber: Subscriber<WatchItem>) {
    this.topic = topic;
    this.context = context;
    this.frames = topic.framesOf(options.view);
    this.#subscriber = subscriber;
  }

  get hasDemand(): boolean {
    return this.#demand > 0;
  }

  /** The transport can take one more item. */
  request(): void {
    this.#demand++;
    this.pump();
  }

  /** Emits what there is, as far as it can be taken. */
  pump(): void {
    if (this.#isPumping || this.isDone) return;
    this.#isPumping = true;
    try {
      if (this.topic.failure !== undefined) this.fail(this.topic.failure);
      while (this.#demand > 0 && !this.isDone) {
        const item = this.next(this.topic.live);
        if (item === undefined) break;
        this.emit(item);
        if (item.type === 'end') this.complete();
      }
    } catch (error) {
      this.fail(StigmerError.from(error));
    } finally {
      this.#isPumping = false;
    }
    if (!this.isDone) this.rest();
  }

  /** Ends the watch with an error. */
  fail(error: StigmerError): void {
    if (this.isDone) return;
    this.stop();
    this.#subscriber.error(error);
  }

  /** The watch is over: nothing is emitted from now on. */
  stop(): void {
    this.isDone = true;
  }

  /** What comes next; undefined when there is nothing, or not yet. May complete the watch. */
  protected abstract next(live: LiveState<S, E> | undefined): WatchItem | undefined;

  /** Called when nothing more can be emitted for now. */
  protected abstract rest(): void;

  /** The end, as an item where the view has one. */
  protected end(state: S | undefined): WatchItem | undefined {
    const bytes = this.frames.view.end?.({ revision: this.place, state });
    if (bytes !== undefined) return { type: 'end', revision: this.place, bytes };
    this.complete();
    return undefined;
  }

  protected emit(item: WatchItem): void {
    const { metrics } = this.context;
    metrics.items++;
    metrics.bytes += item.bytes.length;
    this.place = item.revision;
    this.#demand--;
    this.#subscriber.next(item);
  }

  /** Notes how far behind the watch is. */
  protected countLag(): void {
    const { metrics } = this.context;
    metrics.maxLag = Math.max(metrics.maxLag, (this.topic.live?.revision ?? 0) - this.place);
  }

  protected complete(): void {
    if (this.isDone) return;
    this.stop();
    this.#subscriber.complete();
  }
}
