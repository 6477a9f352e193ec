import { byteLength } from '../../contract/limits.js';
import type { Masker, StreamMasker } from './masking.js';
import { endsInsideCharacter, wellFormed } from './well-formed.js';

/** A text that a model says piece by piece, masked and fit for the wire. */
export class SpokenText {
  readonly #masker: StreamMasker;
  /** First half of a character whose second half is still to come. */
  #half = '';
  /** What was given out so far. */
  text = '';
  /** Bytes of `text` in UTF-8. */
  bytes = 0;

  constructor(masker: Masker) {
    this.#masker = masker.stream();
  }

  /** What can be given out now; it is added to `text`. */
  push(piece: string): string {
    const whole = this.#half + piece;
    this.#half = endsInsideCharacter(whole) ? whole.slice(-1) : '';
    return this.#give(this.#masker.push(wellFormed(whole.slice(0, whole.length - this.#half.length))));
  }

  /** The rest. */
  end(): string {
    const rest = this.#masker.push(wellFormed(this.#half)) + this.#masker.flush();
    this.#half = '';
    return this.#give(rest);
  }

  #give(out: string): string {
    this.text += out;
    this.bytes += byteLength(out);
    return out;
  }
}
