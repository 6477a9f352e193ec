/** Control characters of C0 but tab and newline, DEL, C1, and those that turn the direction of the text around. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const SPECIAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** Longest string sequence (OSC, DCS …) that is swallowed; what follows counts as text, so that an open one cannot hide the rest. */
const LONGEST_STRING = 4096;

type State = 'text' | 'escape' | 'csi' | 'string' | 'string-escape';

/**
 * Takes control sequences out of text that a model, a tool or a server wrote, so that it cannot move the cursor, set the title or
 * reach the clipboard of whoever reads it. Newlines and tabs stay; a carriage return becomes a newline. Text may come in pieces:
 * a sequence that is cut in two is still recognised.
 */
export class TextCleaner {
  #state: State = 'text';
  #swallowed = 0;
  #afterReturn = false;

  take(text: string): string {
    if (this.#state === 'text' && !this.#afterReturn && !SPECIAL.test(text)) return text;
    let clean = '';
    for (const char of text) clean += this.#next(char);
    return clean;
  }

  #next(char: string): string {
    const code = char.codePointAt(0) as number;
    switch (this.#state) {
      case 'text':
        return this.#text(char, code);
      case 'escape':
        return this.#escape(char, code);
      case 'csi':
        // Parameters and intermediates, then one final byte; anything else breaks the sequence off.
        if (code >= 0x20 && code <= 0x3f) return '';
        this.#state = 'text';
        return code >= 0x40 && code <= 0x7e ? '' : this.#text(char, code);
      case 'string':
        return this.#string(char, code);
      case 'string-escape':
        this.#state = 'text';
        return code === 0x5c ? '' : this.#escape(char, code);
    }
  }

  #text(char: string, code: number): string {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = false;
    if (code === 0x0d) {
      this.#afterReturn = true;
      return '\n';
    }
    if (code === 0x0a) return afterReturn ? '' : '\n';
    if (!SPECIAL.test(char)) return char;
    if (code === 0x1b) this.#state = 'escape';
    else if (code === 0x9b) this.#state = 'csi';
    else if ([0x90, 0x98, 0x9d, 0x9e, 0x9f].includes(code)) this.#startString();
    return '';
  }

  #escape(char: string, code: number): string {
    // Intermediates of sequences such as ESC ( B.
    if (code >= 0x20 && code <= 0x2f) {
      this.#state = 'escape';
      return '';
    }
    this.#state = 'text';
    if (char === '[') this.#state = 'csi';
    else if ('PX]^_'.includes(char)) this.#startString();
    else if (code < 0x30 || code > 0x7e) return this.#text(char, code);
    return '';
  }

  #string(char: string, code: number): string {
    if (code === 0x07 || code === 0x9c) this.#state = 'text';
    else if (code === 0x1b) this.#state = 'string-escape';
    else if (code === 0x0a || code === 0x0d || ++this.#swallowed > LONGEST_STRING) {
      this.#state = 'text';
      return this.#text(char, code);
    }
    return '';
  }

  #startString(): void {
    this.#state = 'string';
    this.#swallowed = 0;
  }
}

/** The text without control sequences. */
export function cleanText(text: string): string {
  return new TextCleaner().take(text);
}

/** The same as one line: newlines and tabs become spaces. */
export function cleanLine(text: string): string {
  return cleanText(text).replaceAll(/[\n\t]+/g, ' ').trim();
}
