import { cancelled } from '../../contract/errors.js';

/** Lets one run at a time into a thread, in the order in which they came. */
export class Turnstile {
  readonly #last = new Map<string, Promise<undefined>>();

  /**
   * Resolves when it is this one's turn, with the function that lets the next one in. `onWait` is called when another is in. Rejects
   * when the signal aborts first.
   */
  async enter(threadId: string, signal: AbortSignal, onWait: () => void): Promise<() => void> {
    const before = this.#last.get(threadId);
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const mine = Promise.all([before, left]).then(() => {
      if (this.#last.get(threadId) === mine) this.#last.delete(threadId);
      return undefined;
    });
    this.#last.set(threadId, mine);
    if (before !== undefined) {
      onWait();
      try {
        await Promise.race([before, rejected(signal)]);
      } catch (error) {
        leave();
        throw error;
      }
    }
    return leave;
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = (): void => reject(signal.reason instanceof Error ? signal.reason : cancelled('the run is not wanted any more'));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}
