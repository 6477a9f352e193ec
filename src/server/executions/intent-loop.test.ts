import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { tempStore } from '../../../test/support/temp-store.js';
import { systemClock } from '../../contract/clock.js';
import type { Intent } from '../../store/ports.js';
import { executionIntent, NEVER } from './execution-intents.js';
import { IntentLoop } from './intent-loop.js';

async function fixture() {
  const store = await tempStore({ clock: systemClock });
  const loop = new IntentLoop({ store, clock: systemClock, log: pino({ level: 'silent' }) });
  return { store, loop };
}

/** Resolves with the intents that a handler was given, once there are so many. */
function handled(count: number, handler: (intent: Intent) => Promise<void> = () => Promise.resolve()) {
  const intents: Intent[] = [];
  let done = (): void => undefined;
  const all = new Promise<void>((resolve) => (done = resolve));
  return {
    all,
    intents,
    handler: async (intent: Intent) => {
      intents.push(intent);
      if (intents.length === count) done();
      await handler(intent);
    },
  };
}

describe('IntentLoop', () => {
  it('carries out what is due, and settles it', async () => {
    const { store, loop } = await fixture();
    await store.write([
      { op: 'put-intent', intent: executionIntent('start-workflow', 'a', 0) },
      { op: 'put-intent', intent: executionIntent('start-workflow', 'b', NEVER) },
    ]);
    const { all, intents, handler } = handled(1);
    loop.start({ 'start-workflow': handler });
    await all;
    while ((await store.intents.forSubject('a')).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    loop.stop();
    expect(intents.map(({ subject }) => subject)).toEqual(['a']);
    expect(await store.intents.forSubject('b')).toHaveLength(1);
  });

  it('is woken for new ones', async () => {
    const { store, loop } = await fixture();
    const { all, handler } = handled(1);
    loop.start({ 'cancel-workflow': handler });
    await store.write([{ op: 'put-intent', intent: executionIntent('cancel-workflow', 'a', 0) }]);
    loop.wake();
    await all;
    loop.stop();
  });

  it('tries again what failed, until it is done', async () => {
    const { store, loop } = await fixture();
    await store.write([{ op: 'put-intent', intent: executionIntent('start-workflow', 'a', 0) }]);
    let failures = 2;
    const { all, intents, handler } = handled(3, async () => {
      failures -= 1;
      if (failures >= 0) throw new Error('not yet');
    });
    loop.start({ 'start-workflow': handler });
    await all;
    while ((await store.intents.forSubject('a')).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    loop.stop();
    expect(intents.map(({ attempts }) => attempts)).toEqual([0, 1, 2]);
  });
});
