import { cancelled } from '../../contract/errors.js';

/** Lets one run at a time into a thread, in the order in which they came. */
export class Turnstile {
  /** Those who wait, by the thread that somebody is in. */
  readonly #lines = new Map<string, (() => void)[]>();

  /**
   * Resolves when it is this one's turn, with the function that lets the next one in. `onWait` is called when another is in. Rejects
   * with the signal's reason when it aborts first.
   */
  async enter(threadId: string, signal: AbortSignal, onWait: () => void): Promise<() => void> {
    const line = this.#lines.get(threadId);
    if (line === undefined) this.#lines.set(threadId, []);
    else {
      onWait();
      await waitIn(line, signal);
    }
    return () => {
      const next = this.#lines.get(threadId)?.shift();
      if (next === undefined) this.#lines.delete(threadId);
      else next();
    };
  }
}

function waitIn(line: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      const at = line.indexOf(enter);
      if (at >= 0) line.splice(at, 1);
      reject(signal.reason instanceof Error ? signal.reason : cancelled('the run is not wanted any more'));
    };
    const enter = (): void => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    };
    line.push(enter);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}
