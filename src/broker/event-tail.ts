import type { EncodedEvent } from './types.js';

/** The newest events of one key, by revision, for watchers that lag or return. Older ones fall off its start. */
export class EventTail<E> {
  /** Entries before `#first` have fallen off and are undefined; they are moved out now and then, not at each append. */
  #entries: (EncodedEvent<E> | undefined)[] = [];
  #first = 0;
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
    return this.#start + this.#entries.length - this.#first;
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
    while (this.#start < this.end && (this.#bytes + added > maxBytes || this.end - this.#start + events.length > maxEvents)) this.#drop();
    if (this.#first > this.#entries.length / 2) {
      this.#entries.splice(0, this.#first);
      this.#first = 0;
    }
    for (const event of events) this.#entries.push(event);
    this.#bytes += added;
  }

  /** Events with a revision greater than `after`, oldest first. `after` must not lie before `start`. */
  since(after: number): readonly EncodedEvent<E>[] {
    return this.#entries.slice(this.#first + after - this.#start) as EncodedEvent<E>[];
  }

  clear(): void {
    this.#start = this.end;
    this.#entries = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  #drop(): void {
    this.#bytes -= this.#entries[this.#first]?.bytes.length ?? 0;
    this.#entries[this.#first++] = undefined;
    this.#start++;
  }
}
