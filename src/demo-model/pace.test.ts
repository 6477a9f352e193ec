import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argumentPieces, pause, textPieces } from './pace.js';

const manualClock = () => {
  const timers: { ms: number; fire: () => void; cancelled: boolean }[] = [];
  return {
    timers,
    now: () => 0,
    setTimer: (ms: number, fire: () => void) => {
      const timer = { ms, fire, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
  };
};

describe('pieces', () => {
  it('give the text again, and none ends inside a character', () => {
    const wellFormed = (piece: string) => Buffer.from(piece).toString() === piece;
    assert(
      property(string({ unit: 'binary' }), (text) => {
        for (const pieces of [textPieces(text), argumentPieces(text)]) {
          expect(pieces.join('')).toBe(text);
          expect(pieces.every(wellFormed)).toBe(true);
        }
      }),
    );
  });

  it('are words with the space before them, long ones in parts', () => {
    expect(textPieces('Look at  this:\n\ninternationalisation ')).toEqual(['Look', ' at', '  this:', '\n\ninternat', 'ionalisa', 'tion', ' ']);
  });
});

describe('a pause', () => {
  it('lasts as long as the clock says', async () => {
    const clock = manualClock();
    const paused = pause(25, clock, new AbortController().signal);
    expect(clock.timers.map(({ ms }) => ms)).toEqual([25]);
    clock.timers[0]?.fire();
    await paused;
  });

  it('ends with its signal, its timer with it', async () => {
    const clock = manualClock();
    const gone = new AbortController();
    const paused = pause(25, clock, gone.signal);
    gone.abort();
    await paused;
    expect(clock.timers[0]?.cancelled).toBe(true);
  });

  it('of 0 needs no timer', async () => {
    const clock = manualClock();
    await pause(0, clock, new AbortController().signal);
    expect(clock.timers).toEqual([]);
  });
});
