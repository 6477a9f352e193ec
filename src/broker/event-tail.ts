import type { EncodedEvent } from './types.js';

/** The newest events of one key, by revision, for watchers that lag or return. Older ones fall off its start. */
export class EventTail<E> {
  #entries: EncodedEvent<E>[] = [];
  #start: number;
  #bytes = 0;

  /** @param start revision after which the tail begins */
  constructor(start: number) {
    this.#start = start;
  }

  /** A watcher that has this revision, or a later one, finds here all that follows. */
  get start(): number {
    return this.#start;
  }

  /** The newest revision. */
  get end(): number {
    return this.#start + this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds the events that follow `end`. What is over the bounds falls off, but of the new events none, so that whoever is up to date can
   * go on.
   */
  append(events: readonly EncodedEvent<E>[], maxEvents: number, maxBytes: number): void {
    let added = 0;
    for (const event of events) added += event.bytes.length;
    let over = 0;
    let left = this.#bytes;
    while (over < this.#entries.length && (left + added > maxBytes || this.#entries.length - over + events.length > maxEvents)) {
      left -= (this.#entries[over] as EncodedEvent<E>).bytes.length;
      over++;
    }
    if (over > 0) this.#entries.splice(0, over);
    this.#start += over;
    for (const event of events) this.#entries.push(event);
    this.#bytes = left + added;
  }

  /** Events with a revision greater than `after`, oldest first. `after` must not lie before `start`. */
  since(after: number): readonly EncodedEvent<E>[] {
    return this.#entries.slice(after - this.#start);
  }

  clear(): void {
    this.#start = this.end;
    this.#entries = [];
    this.#bytes = 0;
  }
}
