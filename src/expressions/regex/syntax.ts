/** A regular expression as a tree. Texts are matched by code points. */
export type RegexNode =
  | { readonly type: 'set'; readonly matches: (point: number) => boolean }
  | { readonly type: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly type: 'choice'; readonly options: readonly RegexNode[] }
  | { readonly type: 'repeat'; readonly item: RegexNode; readonly least: number; readonly most: number; readonly mode: 'greedy' | 'lazy' | 'possessive' }
  | { readonly type: 'group'; readonly number: number; readonly item: RegexNode }
  | { readonly type: 'look'; readonly item: RegexNode; readonly ahead: boolean; readonly negative: boolean }
  | { readonly type: 'atomic'; readonly item: RegexNode }
  | { readonly type: 'back'; readonly number: number; readonly ignoreCase: boolean }
  | { readonly type: 'assert'; readonly holds: (text: readonly number[], at: number) => boolean };

export interface ParsedRegex {
  readonly root: RegexNode;
  /** Names of the groups by number from 1; null for those without. */
  readonly names: readonly (string | null)[];
}

export interface RegexFlags {
  readonly ignoreCase: boolean;
  /** White space and comments in the expression mean nothing. */
  readonly extended: boolean;
  /** `^` and `$` stand for beginning and end of each line, not of the text. */
  readonly lines: boolean;
  /** A dot matches line ends too. */
  readonly dotAll: boolean;
}
