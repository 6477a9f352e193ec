import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../contract/clock.js';
import { cancelled } from '../../contract/errors.js';
import type { RunContext } from '../run/run.js';
import { ActiveRuns } from './active-runs.js';
import { runnerActivities } from './activities.js';

// None of these reaches a run.
const activities = runnerActivities({ context: {} as RunContext, runs: new ActiveRuns(), clock: systemClock });

describe('the activities of the original', () => {
  it('name the thread of a session, and one for once where there is no session', async () => {
    expect(await activities.EnsureThread('ses-1', 'agt-1')).toBe('thread-ses-1');
    expect(await activities.EnsureThread('', 'agt-1')).toMatch(/^ephemeral-agt-1-[0-9a-f]{8}$/);
  });

  it('have nothing to clean up', async () => {
    expect(await activities.CleanupSandbox('box')).toBeNull();
  });

  it('refuse an execution that is none', async () => {
    const environment = new MockActivityEnvironment();
    await expect(environment.run(activities.ExecuteGraphton, { some: 'thing' }, 'thread-1')).rejects.toThrow(/must be a ai\.stigmer\.agentic\.agentexecution\.v1\.AgentExecution as json\/protobuf/);
  });
});

describe('ActiveRuns', () => {
  it('ends the first attempt of a run when a second one comes, and tells when there are none', async () => {
    const runs = new ActiveRuns();
    await runs.empty();
    const first = runs.add('aex-1', cancelled('superseded'));
    const second = runs.add('aex-1', cancelled('superseded'));
    expect(first.signal.reason).toMatchObject({ message: 'superseded' });
    expect(second.signal.aborted).toBe(false);
    first.done();
    expect(runs.ids).toEqual(['aex-1']);
    const empty = runs.empty();
    runs.end('aex-2', cancelled('not here'));
    runs.end('aex-1', cancelled('enough'));
    expect(second.signal.reason).toMatchObject({ message: 'enough' });
    second.done();
    await empty;
    expect(runs.ids).toEqual([]);
  });
});
