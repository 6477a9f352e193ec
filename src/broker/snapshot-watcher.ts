import type { Frame } from './frames.js';
import type { LiveState } from './live-state.js';
import type { StreamNotice, WatchItem } from './types.js';
import { Watcher } from './watcher.js';

/**
 * A watch of full snapshots: the newest one, at most one in an interval, and one for each transition at once. However slow its transport
 * is, nothing waits for it but the newest.
 */
export class SnapshotWatcher<S, E, N extends StreamNotice> extends Watcher<S, E, N> {
  #hasStarted = false;
  #refreshes = this.topic.refreshes;
  #lastAt = Number.NEGATIVE_INFINITY;

  protected next(live: LiveState<S, E> | undefined): WatchItem | undefined {
    if (this.topic.isDeleted) return this.end(undefined);
    if (live === undefined) return undefined;
    if (!this.#hasStarted) return this.#newest(live, -1);
    const transition = live.transitionAfter(this.place);
    if (transition !== undefined) return this.#show(this.frames.transition(transition, ''));
    if (this.#refreshes !== this.topic.refreshes) return this.#newest(live, this.place - 1);
    if (this.place < live.revision) return this.#isDue() ? this.#newest(live, this.place) : undefined;
    return live.hasEnded ? this.end(live.state) : undefined;
  }

  protected rest(): void {
    const { topic } = this;
    if (this.hasDemand && topic.live !== undefined && this.place < topic.live.revision) topic.tickAt(this.#dueAt());
  }

  #newest(live: LiveState<S, E>, has: number): WatchItem {
    this.#refreshes = this.topic.refreshes;
    return this.#show(this.frames.snapshot(live, has, ''));
  }

  #show(frame: Frame): WatchItem {
    const { metrics, clock } = this.context;
    if (this.#hasStarted) {
      this.countLag();
      if (frame.revision > this.place + 1) metrics.conflations++;
    }
    this.#hasStarted = true;
    this.#lastAt = clock.now();
    return { type: 'snapshot', revision: frame.revision, bytes: frame.bytes };
  }

  #dueAt(): number {
    return this.#lastAt + this.context.settings.snapshotIntervalMs;
  }

  #isDue(): boolean {
    return this.context.clock.now() >= this.#dueAt();
  }
}
