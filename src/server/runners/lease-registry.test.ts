import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { IntroductionSchema } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import { LeaseRegistry } from './lease-registry.js';

function fixture() {
  const registry = new LeaseRegistry(new ManualClock());
  const said: string[] = [];
  const open = (name: string, init: MessageInitShape<typeof IntroductionSchema> = {}) => {
    const introduction = create(IntroductionSchema, { name, component: 'agent-runner', taskQueues: ['q'], ...init });
    return registry.open(introduction, name, {
      cancel: (id, reason) => said.push(`${name} cancel ${id} ${reason}`),
      drain: (reason) => said.push(`${name} drain ${reason}`),
      replace: () => said.push(`${name} replaced`),
    });
  };
  return { registry, said, open };
}

describe('LeaseRegistry', () => {
  it('finds leases by component, queue and execution', () => {
    const { registry, open } = fixture();
    const one = open('one');
    open('two', { component: 'worker', taskQueues: ['other'] });
    registry.beat(one, 1, ['aex-1']);
    expect(registry.ofQueue('q')).toEqual([one]);
    expect(registry.ofComponent('worker').map(({ token }) => token)).toEqual(['two']);
    expect(registry.ofExecution('aex-1')).toBe(one);
    registry.beat(one, 0, []);
    expect(registry.ofExecution('aex-1')).toBeUndefined();
  });

  it('tells only those who work on an execution to stop', () => {
    const { registry, said, open } = fixture();
    registry.beat(open('one'), 1, ['aex-1']);
    registry.beat(open('two'), 1, ['aex-2']);
    expect(registry.cancel('aex-2', 'enough')).toBe(true);
    expect(registry.cancel('aex-3', 'enough')).toBe(false);
    expect(said).toEqual(['two cancel aex-2 enough']);
  });

  it('remembers who was lost, with what they worked on, until they are back', () => {
    const { registry, open } = fixture();
    const one = open('one');
    registry.beat(one, 1, ['aex-1']);
    registry.close(one, 'no heartbeat');
    registry.close(one, 'twice');
    expect(registry.lastOfQueue('q')).toMatchObject({ reason: 'no heartbeat' });
    expect(registry.lostWith('aex-1')?.lease).toBe(one);
    open('one');
    expect(registry.lastOfQueue('q')).toBeUndefined();
  });

  it('replaces the lease of a name, and remembers a bounded number of lost ones', () => {
    const { registry, said, open } = fixture();
    open('one');
    open('one');
    expect(said).toEqual(['one replaced']);
    for (let n = 0; n < 200; n += 1) registry.close(open(`runner-${n}`), 'gone');
    expect(registry.lost()).toHaveLength(64);
  });

  it('tells listeners of what is given and lost', () => {
    const { registry, open } = fixture();
    const changes: boolean[] = [];
    const stop = registry.onChange(({ held }) => changes.push(held));
    const lease = open('one');
    registry.close(lease, 'gone');
    stop();
    open('two');
    expect(changes).toEqual([true, false]);
  });
});
