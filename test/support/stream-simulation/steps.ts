import * as fc from 'fast-check';
import { type EventSeed, eventSeed } from '../execution-arbitraries.js';

/** The executions that there are. */
export const KEYS = ['aex-1', 'aex-2'] as const;
/** One thing that happens. Which watcher or key it happens to is picked from those that there are. */
export type Step =
  | { readonly do: 'append'; readonly key: number; readonly seeds: readonly EventSeed[] }
  | { readonly do: 'phase'; readonly key: number; readonly phase: number }
  | { readonly do: 'deliver'; readonly count: number }
  | { readonly do: 'watch'; readonly key: number; readonly view: 'watch' | 'subscribe'; readonly from: number | undefined }
  | { readonly do: 'return'; readonly watcher: number }
  | { readonly do: 'take'; readonly watcher: number; readonly count: number }
  | { readonly do: 'leave'; readonly watcher: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'notify'; readonly key: number; readonly code: string; readonly cleared: boolean }
  | { readonly do: 'forget'; readonly key: number }
  | { readonly do: 'hold' | 'answer' | 'fail' | 'restart' | 'settle' }
  | { readonly do: 'refresh'; readonly key: number }
  | { readonly do: 'lose' };

const key = fc.nat(KEYS.length - 1);
const watcher = fc.nat(9);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: fc.constant('append' as const), key, seeds: fc.array(eventSeed, { minLength: 1, maxLength: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('phase' as const), key, phase: fc.constantFrom(2, 2, 2, 3, 4, 5) }) },
  { weight: 25, arbitrary: fc.record({ do: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('watch' as const), key, view: fc.constantFrom('watch' as const, 'subscribe' as const), from: fc.option(fc.nat(40), { nil: undefined, freq: 2 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('return' as const), watcher }) },
  { weight: 40, arbitrary: fc.record({ do: fc.constant('take' as const), watcher, count: fc.constantFrom(1, 1, 2, 5, 100) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('leave' as const), watcher }) },
  { weight: 15, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 10, 49, 50, 1000, 14_000, 16_000, 31_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('notify' as const), key, code: fc.constantFrom('A', 'B', 'C', 'D'), cleared: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refresh' as const), key }) },
  { weight: 12, arbitrary: fc.constantFrom<Step>({ do: 'hold' }, { do: 'answer' }, { do: 'answer' }, { do: 'settle' }, { do: 'settle' }, { do: 'settle' }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'fail' }, { do: 'restart' }, { do: 'lose' }) },
);

/** A step, in a few words where a failing run is printed. */
export const step: fc.Arbitrary<Step> = anyStep.map((one) => ({ ...one, [fc.toStringMethod]: () => wordsOf(one) }));

function wordsOf({ do: verb, ...rest }: Step): string {
  const words = Object.entries(rest).map(([name, value]) => (Array.isArray(value) ? `events=${value.length}` : `${name}=${value}`));
  return [verb, ...words].join(' ');
}

