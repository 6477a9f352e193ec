/** How many watchers may lag by different numbers of events and still have their frames shared. */
const SHARED_PLACES = 16;

/** Encoded items of one key and view, so that what many watchers are sent is encoded once. Holds for one head revision. */
export class FrameCache<T> {
  readonly #frames = new Map<number, T>();
  #head = -1;

  /** The frame for watchers at `place` while the key is at `head`. */
  get(head: number, place: number, make: () => T): T {
    if (head !== this.#head) {
      this.#head = head;
      this.#frames.clear();
    }
    let frame = this.#frames.get(place);
    if (frame === undefined) {
      frame = make();
      if (this.#frames.size < SHARED_PLACES) this.#frames.set(place, frame);
    }
    return frame;
  }

  clear(): void {
    this.#frames.clear();
  }
}
