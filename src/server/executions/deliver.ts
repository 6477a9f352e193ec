import { type Observable, Subject, Subscription } from 'rxjs';
import { StigmerError } from '../../contract/errors.js';
import type { WatchItem } from '../../broker/types.js';

/** Gives one item to a transport. Resolves when it can take the next. */
export type DeliverItem = (item: WatchItem) => Promise<void>;

/**
 * Carries a watch to a transport: one item under way at a time, the next is asked for when the transport has taken it. Resolves after the
 * last; throws when the watch fails, the transport fails, or the signal aborts. What waits meanwhile waits in the broker, which joins it.
 */
export function deliver(watch: (demand: Observable<unknown>) => Observable<WatchItem>, send: DeliverItem, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const demand = new Subject<void>();
    const subscription = new Subscription();
    const fail = (reason: unknown): void => {
      end();
      reject(StigmerError.from(reason));
    };
    const onAbort = (): void => fail(signal.reason);
    let writing: Promise<void> = Promise.resolve();
    subscription.add(watch(demand).subscribe({
      next(item) {
        writing = send(item).then(() => demand.next());
        writing.catch(fail);
      },
      error: fail,
      // The last item may still be on its way.
      complete: () => void writing.then(succeed, fail),
    }));
    function succeed(): void {
      end();
      resolve();
    }
    function end(): void {
      signal.removeEventListener('abort', onAbort);
      subscription.unsubscribe();
      demand.complete();
    }
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    demand.next();
  });
}
