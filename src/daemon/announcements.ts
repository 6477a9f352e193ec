import type { StartProgress } from './control.js';

/** How many messages are kept for those who come later. */
const KEPT = 20;

/** Hands on what happens while things start and run, to whoever listens, and the latest messages to who comes later. */
export class Announcements {
  readonly #listeners = new Set<(progress: StartProgress) => void>();
  readonly #messages: StartProgress[] = [];

  /** Tells something that a person should know. */
  readonly say = (text: string): void => {
    const message: StartProgress = { type: 'message', text };
    this.#messages.push(message);
    this.#messages.splice(0, this.#messages.length - KEPT);
    this.tell(message);
  };

  /** Tells where a component stands. */
  tell(progress: StartProgress): void {
    for (const listener of this.#listeners) listener(progress);
  }

  /** Gives `listener` whatever is told from now on. Returns the function that ends it. */
  listen(listener: (progress: StartProgress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Gives `listener` the latest messages. */
  recall(listener: (progress: StartProgress) => void): void {
    for (const message of this.#messages) listener(message);
  }
}
