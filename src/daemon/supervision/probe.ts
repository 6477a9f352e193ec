import type { Clock } from '../../contract/clock.js';

/**
 * Asks a component whether it is ready. Resolves when it is; rejects with the reason, naming the address asked, when it is not.
 * Should give up when the signal is aborted; whether it does or not, its answer is then ignored.
 */
export type Probe = (signal: AbortSignal) => Promise<void>;

/**
 * One probe, bounded in time.
 *
 * @param over aborted when the answer is of no more interest
 * @returns undefined when ready, else the reason why not
 */
export function probeOnce(probe: Probe, clock: Clock, limitMs: number, over: AbortSignal): Promise<string | undefined> {
  if (over.aborted) return Promise.resolve('it is over');
  return new Promise((resolve) => {
    const asking = new AbortController();
    const finish = (reason: string | undefined): void => {
      cancel();
      over.removeEventListener('abort', onOver);
      resolve(reason);
      asking.abort();
    };
    const onOver = (): void => finish('it is over');
    const cancel = clock.setTimer(limitMs, () => finish(`no answer within ${limitMs} ms`));
    over.addEventListener('abort', onOver, { once: true });
    probe(asking.signal).then(
      () => finish(undefined),
      (error: unknown) => finish(error instanceof Error ? error.message : String(error)),
    );
  });
}
