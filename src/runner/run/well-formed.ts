/** The text with each half of a surrogate pair that stands alone replaced by U+FFFD, as UTF-8 would have it. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** Whether the text ends with the first half of a surrogate pair: a character of which the rest may come with the next piece. */
export function endsInsideCharacter(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}
