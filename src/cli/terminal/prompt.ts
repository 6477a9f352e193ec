import type { Output } from './output.js';

/** One of the keys that a question may be answered with. */
export interface Choice<K extends string> {
  readonly key: K;
  /** The word as shown; the key is put in brackets: `[d]etach`. */
  readonly word: string;
}

/** Asks the person at the terminal. */
export interface Prompt {
  /** Waits for one of the keys. Ctrl-C, Ctrl-D, the end of the input and the signal answer undefined. */
  choose<const K extends string>(question: string, choices: readonly Choice<K>[], signal?: AbortSignal): Promise<K | undefined>;
  /** A line that is not shown while it is typed; undefined as above. */
  secret(question: string, signal?: AbortSignal): Promise<string | undefined>;
}

/** The part of process.stdin that is used. */
export interface KeyStream {
  setRawMode(on: boolean): unknown;
  on(event: 'data' | 'end', listener: (data: Buffer) => void): unknown;
  off(event: 'data' | 'end', listener: (data: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

const INTERRUPT = '\u0003';
const END = '\u0004';
const BACKSPACES = ['\u007f', '\u0008'];

/** Asks on a terminal, key by key. */
export class TerminalPrompt implements Prompt {
  readonly #keys: KeyStream;
  readonly #out: Output;

  constructor(keys: KeyStream, out: Output) {
    this.#keys = keys;
    this.#out = out;
  }

  async choose<const K extends string>(question: string, choices: readonly Choice<K>[], signal?: AbortSignal): Promise<K | undefined> {
    const words = choices.map(({ key, word }) => word.replace(key, `[${key}]`)).join('  ');
    this.#ask(`${question}  ${words} `);
    let answer: K | undefined;
    await this.#read(signal, (char) => {
      answer = choices.find(({ key }) => key === char.toLowerCase())?.key;
      return answer !== undefined;
    });
    this.#out.line(answer === undefined ? '' : (choices.find(({ key }) => key === answer)?.word ?? ''));
    return answer;
  }

  async secret(question: string, signal?: AbortSignal): Promise<string | undefined> {
    this.#ask(`${question}: `);
    let typed = '';
    const ended = await this.#read(signal, (char) => {
      if (char === '\r' || char === '\n') return true;
      if (BACKSPACES.includes(char)) typed = typed.slice(0, -1);
      else if (char >= ' ') typed += char;
      return false;
    });
    this.#out.line();
    return ended ? typed : undefined;
  }

  #ask(text: string): void {
    if (!this.#out.atLineStart) this.#out.line();
    this.#out.write(text);
  }

  /** Hands over characters until one is taken as the last: true. False when the person gave up, or the signal did. */
  #read(signal: AbortSignal | undefined, take: (char: string) => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const keys = this.#keys;
      const finish = (taken: boolean): void => {
        keys.off('data', onData);
        keys.off('end', onEnd);
        signal?.removeEventListener('abort', onEnd);
        keys.setRawMode(false);
        keys.pause();
        resolve(taken);
      };
      const onEnd = (): void => finish(false);
      const onData = (data: Buffer): void => {
        for (const char of data.toString()) {
          if (char === INTERRUPT || char === END) return finish(false);
          if (take(char)) return finish(true);
        }
      };
      if (signal?.aborted === true) {
        resolve(false);
        return;
      }
      signal?.addEventListener('abort', onEnd, { once: true });
      keys.setRawMode(true);
      keys.on('data', onData);
      keys.on('end', onEnd);
      keys.resume();
    });
  }
}
