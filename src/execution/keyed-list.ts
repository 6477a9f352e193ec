import type { Journal } from './journal.js';
import { sizeOfField } from './wire-size.js';

/** How elements of a list are found and measured. */
export interface ElementRules<T> {
  /** Ids under which the element is found; none when it is known by its index only. */
  keysOf(element: T): readonly string[];
  /** Bytes of the element's encoding. */
  sizeOf(element: T): number;
}

/**
 * A repeated field of the state with an index of its ids. Elements are replaced, never changed. Where several have the same id, the
 * first is the one that is found, so that the outcome depends on the state alone and not on the way to it.
 */
export class KeyedList<T> {
  /** The message's own array. Changed through this class only. */
  readonly items: T[];
  readonly #rules: ElementRules<T>;
  readonly #journal: Journal;
  #at = new Map<string, number>();
  #sizes: number[] = [];

  /**
   * @param journal its bytes grow by the size of the list
   * @param twin a list of the same elements that has been measured already
   */
  constructor(items: T[], rules: ElementRules<T>, journal: Journal, twin?: KeyedList<T>) {
    this.items = items;
    this.#rules = rules;
    this.#journal = journal;
    if (twin === undefined) {
      this.#measure();
      return;
    }
    this.#at = new Map(twin.#at);
    this.#sizes = twin.#sizes.slice();
    for (const size of this.#sizes) journal.bytes += sizeOfField(size);
  }

  get length(): number {
    return this.items.length;
  }

  /** Index of the first element with this id, or undefined. */
  indexOf(key: string): number | undefined {
    return this.#at.get(key);
  }

  push(element: T): void {
    this.#append(element);
    this.#journal.note(() => this.#pop());
  }

  /** Replaces the element at `index`. `size` is its size where the caller knows it at less cost than measuring. */
  set(index: number, element: T, size = this.#rules.sizeOf(element)): void {
    const before = this.items[index] as T;
    const sizeBefore = this.#sizes[index] as number;
    this.#put(index, element, size);
    this.#journal.note(() => this.#put(index, before, sizeBefore));
  }

  /** Bytes of the encoding of the element at `index`. */
  sizeAt(index: number): number {
    return this.#sizes[index] as number;
  }

  /** Replaces the element with this id, or adds it at the end. */
  upsert(key: string, element: T): void {
    const index = this.#at.get(key);
    if (index === undefined) this.push(element);
    else this.set(index, element);
  }

  replaceAll(elements: readonly T[]): void {
    const before = this.items.slice();
    this.#fill(elements);
    this.#journal.note(() => this.#fill(before));
  }

  #append(element: T): void {
    const index = this.items.push(element) - 1;
    const size = this.#rules.sizeOf(element);
    this.#sizes.push(size);
    this.#journal.bytes += sizeOfField(size);
    for (const key of this.#rules.keysOf(element)) if (!this.#at.has(key)) this.#at.set(key, index);
  }

  #pop(): void {
    const index = this.items.length - 1;
    const element = this.items.pop() as T;
    this.#sizes.pop();
    for (const key of this.#rules.keysOf(element)) if (this.#at.get(key) === index) this.#at.delete(key);
  }

  #put(index: number, element: T, size: number): void {
    const before = this.items[index] as T;
    this.items[index] = element;
    this.#journal.bytes += sizeOfField(size) - sizeOfField(this.#sizes[index] as number);
    this.#sizes[index] = size;
    const keysBefore = this.#rules.keysOf(before);
    const keys = this.#rules.keysOf(element);
    if (keys.length === keysBefore.length && keys.every((key, i) => key === keysBefore[i])) return;
    for (const key of keysBefore) if (this.#at.get(key) === index) this.#find(key, index);
    for (const key of keys) if ((this.#at.get(key) ?? Infinity) > index) this.#at.set(key, index);
  }

  #find(key: string, from: number): void {
    const index = this.items.findIndex((element, i) => i >= from && this.#rules.keysOf(element).includes(key));
    if (index === -1) this.#at.delete(key);
    else this.#at.set(key, index);
  }

  #fill(elements: readonly T[]): void {
    for (const size of this.#sizes) this.#journal.bytes -= sizeOfField(size);
    this.items.length = 0;
    for (const element of elements) this.items.push(element);
    this.#measure();
  }

  #measure(): void {
    this.#sizes = this.items.map((element) => this.#rules.sizeOf(element));
    this.#at.clear();
    for (const [index, element] of this.items.entries()) {
      this.#journal.bytes += sizeOfField(this.#sizes[index] as number);
      for (const key of this.#rules.keysOf(element)) if (!this.#at.has(key)) this.#at.set(key, index);
    }
  }
}
