import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/** Ends `work` at a time, in milliseconds since 1970, by cancelling what it waits for, and throws what `late` gives. */
export async function withDeadline<T>(time: number | undefined, late: () => unknown, work: () => Promise<T>): Promise<T> {
  if (time === undefined) return work();
  const scope = new CancellationScope({ cancellable: true });
  const timer = new CancellationScope({ cancellable: true });
  let over = false;
  const alarm = timer.run(async () => {
    await sleep(Math.max(1, time - Date.now()));
    over = true;
    scope.cancel();
  });
  alarm.catch(() => undefined);
  try {
    return await scope.run(work);
  } catch (error) {
    if (over && isCancellation(error)) throw late();
    throw error;
  } finally {
    timer.cancel();
  }
}
