import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FakeOutput } from '../../../test/support/fake-output.js';
import { TerminalPrompt } from './prompt.js';

/** A keyboard in raw mode. */
class Keyboard extends EventEmitter {
  raw = false;
  reading = false;
  setRawMode(on: boolean): void {
    this.raw = on;
  }
  resume(): void {
    this.reading = true;
  }
  pause(): void {
    this.reading = false;
  }
  type(text: string): void {
    this.emit('data', Buffer.from(text));
  }
}

const detachOrCancel = [
  { key: 'd', word: 'detach' },
  { key: 'c', word: 'cancel' },
] as const;

describe('asking at the terminal', () => {
  it('takes the first key that is among the choices, in either case', async () => {
    const [keyboard, out] = [new Keyboard(), new FakeOutput({ columns: 80 })];
    const answer = new TerminalPrompt(keyboard, out).choose('Interrupted.', detachOrCancel);
    expect(keyboard.raw).toBe(true);
    keyboard.type('xC');
    expect(await answer).toBe('c');
    expect(out.screen).toBe('Interrupted.  [d]etach  [c]ancel cancel\n');
    expect(keyboard).toMatchObject({ raw: false, reading: false });
    expect(keyboard.listenerCount('data')).toBe(0);
  });

  it.each([
    ['Ctrl-C', (keyboard: Keyboard) => keyboard.type('\u0003')],
    ['Ctrl-D', (keyboard: Keyboard) => keyboard.type('\u0004')],
    ['the end of the input', (keyboard: Keyboard) => keyboard.emit('end')],
  ])('answers nothing on %s', async (_name, act) => {
    const keyboard = new Keyboard();
    const answer = new TerminalPrompt(keyboard, new FakeOutput({ columns: 80 })).choose('?', detachOrCancel);
    act(keyboard);
    expect(await answer).toBeUndefined();
    expect(keyboard.raw).toBe(false);
  });

  it('answers nothing when its signal aborts, also one that was aborted before', async () => {
    const keyboard = new Keyboard();
    const abort = new AbortController();
    const prompt = new TerminalPrompt(keyboard, new FakeOutput({ columns: 80 }));
    const answer = prompt.choose('?', detachOrCancel, abort.signal);
    abort.abort();
    expect(await answer).toBeUndefined();
    expect(await prompt.choose('?', detachOrCancel, abort.signal)).toBeUndefined();
    expect(keyboard.raw).toBe(false);
  });

  it('reads a secret without showing it', async () => {
    const [keyboard, out] = [new Keyboard(), new FakeOutput({ columns: 80 })];
    const answer = new TerminalPrompt(keyboard, out).secret('API_KEY');
    keyboard.type('abx\u007fc');
    keyboard.type('\r');
    expect(await answer).toBe('abc');
    expect(out.screen).toBe('API_KEY: \n');
  });
});
