import { Backoff } from '../../client/backoff.js';
import { wait } from '../../client/wait.js';
import type { Clock } from '../../contract/clock.js';
import { Code, StigmerError } from '../../contract/errors.js';

/** How long a server that is away is waited for. */
const patienceMs = 30_000;

/** The call's answer, asked for again while the server is away, for half a minute. */
export async function patiently<T>(clock: Clock, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  const backoff = new Backoff({ initialMs: 200, maxMs: 2_000 });
  const end = clock.now() + patienceMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const reason = StigmerError.from(error);
      if (signal.aborted || reason.code !== Code.UNAVAILABLE || clock.now() >= end) throw reason;
      await wait(clock, backoff.next(), signal);
    }
  }
}
