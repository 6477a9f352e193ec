/** A text as far as it is shown, and how much of it is not. */
export interface FoldedText {
  readonly shown: string;
  /** What was left out, for a person: `118 more lines`; undefined when nothing was. */
  readonly rest: string | undefined;
}

/** Most that is shown of a text. One that is only a little longer is shown whole. */
export interface FoldLimits {
  readonly lines: number;
  readonly characters: number;
}

export const RESULT_FOLD: FoldLimits = { lines: 5, characters: 500 };
export const ARGUMENTS_FOLD: FoldLimits = { lines: 1, characters: 200 };
export const UNFOLDED: FoldLimits = { lines: Number.POSITIVE_INFINITY, characters: Number.POSITIVE_INFINITY };

/** The beginning of a long text: cut after a line, or within one when its lines are long. */
export function foldText(text: string, limits: FoldLimits): FoldedText {
  const whole = text.trimEnd();
  const lines = whole.split('\n');
  if (lines.length <= limits.lines + 1 && whole.length <= limits.characters * 1.2) return { shown: whole, rest: undefined };
  const head = lines.slice(0, limits.lines).join('\n');
  const more = lines.length - limits.lines;
  if (head.length <= limits.characters && more > 0) return { shown: head, rest: more === 1 ? '1 more line' : `${more} more lines` };
  // Not in the middle of a character of two units.
  const shown = head.slice(0, limits.characters).replace(/[\ud800-\udbff]$/, '');
  return { shown, rest: `${whole.length - shown.length} more characters` };
}
