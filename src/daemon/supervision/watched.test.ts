import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Code } from '../../contract/errors.js';
import type { SupervisedState } from './supervised-state.js';
import { Watched } from './watched.js';

/** A service that answers as the test says. */
function service() {
  const clock = new ManualClock();
  const answer: { failure: string | undefined } = { failure: undefined };
  const probe = (): Promise<void> => (answer.failure === undefined ? Promise.resolve() : Promise.reject(new Error(answer.failure)));
  const watched = new Watched({ name: 'temporal', probe, clock, timings: { startTimeoutMs: 1_000 } });
  const states: SupervisedState['kind'][] = [];
  watched.onState(({ state }) => states.push(state.kind));
  return { watched, clock, answer, states };
}

describe('a service of others', () => {
  it('is ready when it answers, unhealthy when it does not for a while, and ready again', async () => {
    const { watched, clock, answer, states } = service();
    await watched.start();
    answer.failure = 'connection refused';
    await clock.advance(10_000);
    expect(watched.status()).toMatchObject({ state: { kind: 'unhealthy', reason: 'connection refused' }, restarts: 0, lastError: { text: 'connection refused' } });
    answer.failure = undefined;
    await clock.advance(5_000);
    expect(states).toEqual(['starting', 'ready', 'unhealthy', 'ready']);
    await watched.stop();
    expect({ state: watched.status().state.kind, pending: clock.pending }).toEqual({ state: 'stopped', pending: 0 });
  });

  it('that does not answer in time fails the start with its reason, and may be tried again', async () => {
    const { watched, clock, answer } = service();
    answer.failure = 'connection refused';
    const failure = watched.start().catch((error: unknown) => error);
    await clock.advance(2_000);
    expect(await failure).toMatchObject({ code: Code.UNAVAILABLE, message: 'temporal does not answer within 1 s: connection refused' });
    expect(watched.status().state.kind).toBe('failed');
    answer.failure = undefined;
    await watched.start();
    expect(watched.status().state.kind).toBe('ready');
    await watched.stop();
  });

  it('that is given up while it is waited for is no failure of its own', async () => {
    const { watched, clock, answer } = service();
    answer.failure = 'connection refused';
    const end = watched.start().catch((error: unknown) => error);
    await clock.advance(100);
    await watched.stop();
    expect(await end).toMatchObject({ code: Code.CANCELLED });
    expect(clock.pending).toBe(0);
  });
});
