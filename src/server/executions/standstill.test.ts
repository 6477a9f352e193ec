import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { IntroductionSchema } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import type { Lease } from '../runners/lease-registry.js';
import { type QueueState, reasonForStandstill, type Standing, type Surroundings } from './standstill.js';

function lease(slots: number, slotsUsed: number): Lease {
  const introduction = create(IntroductionSchema, { name: 'agent-runner-1', component: 'agent-runner', slots, endpoint: 'host:7234' });
  return { id: 'l', introduction, token: 't', since: 0, slotsUsed, executionIds: new Set(), draining: false };
}

const queue = (more: Partial<QueueState> = {}): QueueState => ({ name: 'q', runners: [lease(2, 0)], last: undefined, polledOtherwise: false, line: [], ...more });
const execution = (more: Partial<Standing> = {}): Standing => ({ id: 'a', kind: 'agent_execution', phase: 1, createdAt: 0, lost: undefined, ...more });

function around(agent: QueueState, more: Partial<Surroundings> = {}): Surroundings {
  return {
    now: 60_000,
    temporal: { address: 'host:7233', state: { state: 'connected', since: 0 } },
    worker: true,
    lastWorker: undefined,
    queues: { agent_execution: agent, workflow_execution: queue() },
    ...more,
  };
}

const codeOf = (standing: Standing, surroundings: Surroundings) => reasonForStandstill(standing, surroundings)?.code;

describe('reasonForStandstill', () => {
  it('names the first thing that is missing on the way', () => {
    const down = { temporal: { address: 'host:7233', state: { state: 'down', since: 0, error: 'refused' } } } as const;
    expect(codeOf(execution(), around(queue({ runners: [] }), { ...down, worker: false }))).toBe('TEMPORAL_DOWN');
    expect(codeOf(execution(), around(queue({ runners: [] }), { worker: false }))).toBe('WORKER_DOWN');
    expect(codeOf(execution(), around(queue({ runners: [] })))).toBe('NO_RUNNER');
    expect(codeOf(execution(), around(queue()))).toBeUndefined();
  });

  it('gives a new execution time to start', () => {
    expect(codeOf(execution({ createdAt: 59_500 }), around(queue({ runners: [] })))).toBeUndefined();
  });

  it('counts who polls without a lease', () => {
    expect(codeOf(execution(), around(queue({ runners: [], polledOtherwise: true })))).toBeUndefined();
  });

  it('tells how many are ahead while all slots are busy', () => {
    const busy = queue({ runners: [lease(2, 2), lease(1, 1)], line: ['x', 'y', 'a'] });
    expect(reasonForStandstill(execution(), around(busy))?.text).toBe('All 3 slots of 2 runners are busy, 2 ahead in line. The run starts when one is free.');
    expect(codeOf(execution(), around(queue({ runners: [lease(2, 2), lease(1, 0)] })))).toBeUndefined();
  });

  it('says of a running execution only that its runner is lost', () => {
    const lost = { lease: lease(1, 1), at: 0, reason: 'no heartbeat came for 5 s' };
    expect(codeOf(execution({ phase: 2 }), around(queue({ runners: [] })))).toBeUndefined();
    const notice = reasonForStandstill(execution({ phase: 2, lost }), around(queue()));
    expect(notice).toMatchObject({ code: 'RUNNER_LOST', address: 'host:7234', text: expect.stringContaining('last seen at 1970-01-01 00:00:00 UTC: no heartbeat came for 5 s') as string });
  });

  it('looks at the queue of the execution’s own kind', () => {
    const surroundings = { ...around(queue({ runners: [] })) };
    expect(codeOf(execution({ kind: 'workflow_execution' }), surroundings)).toBeUndefined();
  });
});
