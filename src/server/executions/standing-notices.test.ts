import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { StandingNotices } from './standing-notices.js';

function fixture() {
  const told: string[] = [];
  const notices = new StandingNotices(new ManualClock(), (id, { code, cleared }) => told.push(`${id} ${cleared ? '-' : '+'}${code}`));
  return { told, notices };
}

describe('StandingNotices', () => {
  it('tells a condition once, a change of words again, and its end', () => {
    const { told, notices } = fixture();
    notices.set('a', { code: 'X', text: 'one' });
    notices.set('a', { code: 'X', text: 'one' });
    notices.set('a', { code: 'X', text: 'two' });
    notices.clear('a', 'X');
    notices.clear('a', 'X');
    expect(told).toEqual(['a +X', 'a +X', 'a -X']);
    expect(notices.of('a')).toEqual([]);
    expect(notices.size).toBe(0);
  });

  it('keeps a bounded number for each execution', () => {
    const { notices } = fixture();
    for (let n = 0; n < 100; n += 1) notices.set('a', { code: `CODE_${n}`, text: '' });
    expect(notices.of('a')).toHaveLength(16);
    expect(notices.of('a').at(-1)?.code).toBe('CODE_99');
  });

  it('forgets an execution that has ended, and tells nobody', () => {
    const { told, notices } = fixture();
    notices.set('a', { code: 'X', text: '' });
    notices.forget('a');
    expect(told).toEqual(['a +X']);
    expect(notices.of('a')).toEqual([]);
  });
});
