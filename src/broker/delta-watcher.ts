import type { Subscriber } from 'rxjs';
import { Code, StigmerError } from '../contract/errors.js';
import { CatchUp } from './catch-up.js';
import type { Frame } from './frames.js';
import type { LiveState } from './live-state.js';
import type { BrokerContext, Topic } from './topic.js';
import type { StreamNotice, WatchItem, WatchOptions } from './types.js';
import { Watcher } from './watcher.js';

const FELL_BEHIND = 'this watcher fell behind, and what it missed is not at hand any more';
const TOO_OLD = 'the events since the resume point are not kept any more';
const CHANGED = 'the watched resource was changed otherwise than by its run';
const AHEAD = 'the resume point is ahead of the log';

/**
 * A watch of deltas: its starting point, then every event. One that lags gets them merged; one whose place the tail has left gets a
 * snapshot. While nothing happens it gets bookmarks; when its transport takes nothing it is ended.
 */
export class DeltaWatcher<S, E, N extends StreamNotice> extends Watcher<S, E, N> {
  /** Why the next item is a snapshot; empty for the first of a new watch. */
  #snapshotReason: string | undefined;
  #catchUp: CatchUp<E> | undefined;
  /** What the watch has to show, once it is up to date, is no event. */
  #isChanged = false;
  #greets = false;
  #generation = -1;
  #refreshes = this.topic.refreshes;
  #noticed = 0;
  readonly #noticedSince = this.topic.notices.newest;
  #lastAt = this.context.clock.now();
  #stalledAt: number | undefined;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(topic: Topic<S, E, N>, options: WatchOptions<S, E, N>, context: BrokerContext<S, E, N>, subscriber: Subscriber<WatchItem>) {
    super(topic, options, context, subscriber);
    this.place = options.from ?? 0;
    if (options.from === undefined) this.#snapshotReason = options.resyncReason ?? '';
    this.#schedule();
  }

  override stop(): void {
    super.stop();
    this.#timer?.cancel();
  }

  protected next(live: LiveState<S, E> | undefined): WatchItem | undefined {
    if (this.topic.isDeleted) return this.end(undefined);
    if (live === undefined) return undefined;
    this.#takePlace(live);
    if (this.#snapshotReason !== undefined) return this.#resync(live, this.#snapshotReason);
    const notice = live.hasEnded ? undefined : this.#nextNotice();
    if (notice !== undefined) return notice;
    if (this.#catchUp !== undefined) return this.#caughtUp(live, this.#catchUp);
    if (this.place < live.revision) return this.#deltas(live);
    // The log may have given more than is published yet.
    if (this.#isChanged && this.place === live.revision) return this.#resync(live, CHANGED);
    if (live.hasEnded) return this.end(live.state);
    if (!this.#greets) return undefined;
    this.#greets = false;
    return this.#bookmark();
  }

  protected override emit(item: WatchItem): void {
    this.#lastAt = this.context.clock.now();
    this.#stalledAt = undefined;
    if (item.type !== 'notice') this.#greets = false;
    super.emit(item);
  }

  protected rest(): void {
    if (this.topic.live !== undefined) this.#takePlace(this.topic.live);
    const waits = !this.hasDemand && this.#hasSomething();
    if (!waits) this.#stalledAt = undefined;
    else this.#stalledAt ??= this.context.clock.now();
    this.#schedule();
  }

  /** Finds out where the watch stands in a state that it has not seen before. */
  #takePlace(live: LiveState<S, E>): void {
    if (this.#refreshes !== this.topic.refreshes) {
      this.#refreshes = this.topic.refreshes;
      this.#isChanged = true;
    }
    if (this.#generation === this.topic.generation) return;
    const isStart = this.#generation === -1;
    this.#generation = this.topic.generation;
    if (this.#snapshotReason !== undefined) return;
    if (isStart && this.place > live.revision) this.#snapshotReason = AHEAD;
    else if (this.place < live.tail.start) this.#catchUp = this.#startCatchUp();
    else this.#greets = isStart;
  }

  #startCatchUp(): CatchUp<E> {
    const { source, model, settings } = this.context;
    return new CatchUp({
      read: async (after) => (await source.read(this.topic.key, after, settings.itemEvents))?.map((bytes) => ({ event: model.decode(bytes), bytes })),
      maxBytes: settings.itemBytes,
    });
  }

  #caughtUp(live: LiveState<S, E>, catchUp: CatchUp<E>): WatchItem | undefined {
    if (this.place >= live.tail.start && catchUp.isEmpty) {
      this.#catchUp = undefined;
      return this.next(live);
    }
    const events = catchUp.take();
    if (events !== undefined) {
      const batch = { firstRevision: this.place + 1, lastRevision: this.place + events.length, conflated: false, events };
      const bytes = this.frames.view.deltas?.(batch) as Uint8Array;
      return { type: 'deltas', revision: batch.lastRevision, bytes };
    }
    if (!catchUp.isExhausted) {
      if (!catchUp.isReading) void this.#fill(catchUp);
      return undefined;
    }
    this.#catchUp = undefined;
    this.#snapshotReason = TOO_OLD;
    return this.next(live);
  }

  async #fill(catchUp: CatchUp<E>): Promise<void> {
    try {
      await catchUp.fill(this.place);
      this.pump();
    } catch (error) {
      if (this.#catchUp === catchUp) this.fail(StigmerError.from(error));
    }
  }

  #deltas(live: LiveState<S, E>): WatchItem | undefined {
    const frame = this.place < live.tail.start ? undefined : this.frames.deltas(live, this.place);
    if (frame !== undefined) return this.#item('deltas', frame);
    this.#snapshotReason = FELL_BEHIND;
    return this.next(live);
  }

  #resync(live: LiveState<S, E>, reason: string): WatchItem {
    // Whoever fell behind has not seen the transitions in between; where one stands, the tail may go on from it.
    const transition = reason === FELL_BEHIND ? live.transitionAfter(this.place) : undefined;
    if (transition !== undefined) {
      if (transition.revision >= live.tail.start) this.#snapshotReason = undefined;
      return this.#item('snapshot', this.frames.transition(transition, reason));
    }
    this.#snapshotReason = undefined;
    this.#isChanged = false;
    const has = reason === FELL_BEHIND ? this.place : reason === CHANGED ? this.place - 1 : -1;
    return this.#item('snapshot', this.frames.snapshot(live, has, reason));
  }

  #item(type: 'snapshot' | 'deltas', frame: Frame): WatchItem {
    const { metrics } = this.context;
    this.countLag();
    if (frame.conflated) metrics.conflations++;
    if (frame.conflated && type === 'snapshot') metrics.resyncs++;
    return { type, revision: frame.revision, bytes: frame.bytes };
  }

  #nextNotice(): WatchItem | undefined {
    const { view } = this.frames;
    const posted = view.notice === undefined ? undefined : this.topic.notices.after(this.#noticed, this.#noticedSince);
    if (posted === undefined || view.notice === undefined) return undefined;
    this.#noticed = posted.order;
    return { type: 'notice', revision: this.place, bytes: view.notice(posted.notice) };
  }

  #bookmark(): WatchItem | undefined {
    const bytes = this.frames.view.bookmark?.(this.place);
    return bytes === undefined ? undefined : { type: 'bookmark', revision: this.place, bytes };
  }

  #hasSomething(): boolean {
    const { live, isDeleted, notices } = this.topic;
    if (isDeleted) return true;
    if (live === undefined) return false;
    if (this.#snapshotReason !== undefined || this.#isChanged || this.place < live.revision || live.hasEnded) return true;
    return this.frames.view.notice !== undefined && notices.after(this.#noticed, this.#noticedSince) !== undefined;
  }

  /** Sets the one timer for whatever may fall due first. It is looked at again then, so that an item costs no timer. */
  #schedule(): void {
    const { clock, settings } = this.context;
    const at = this.#stalledAt === undefined ? this.#lastAt + settings.bookmarkMs : this.#stalledAt + settings.stallMs;
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: clock.setTimer(at - clock.now(), () => this.#onTimer()) };
  }

  #onTimer(): void {
    this.#timer = undefined;
    const { clock, settings, metrics } = this.context;
    const now = clock.now();
    if (this.#stalledAt !== undefined && now - this.#stalledAt >= settings.stallMs) {
      metrics.cutOffs++;
      const text = `the watcher took nothing for ${settings.stallMs} ms and was cut off; resume from revision ${this.place}`;
      this.fail(new StigmerError(Code.RESOURCE_EXHAUSTED, text));
      return;
    }
    if (this.#stalledAt === undefined && now - this.#lastAt >= settings.bookmarkMs) {
      this.#greets = this.topic.live !== undefined && this.hasDemand;
      this.#lastAt = now;
    }
    if (this.#greets) this.pump();
    else this.#schedule();
  }
}
