/** What JSON leaves as it is and a terminal may act upon: DEL, C1, and what turns the direction of text around. */
const CONTROLS = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** JSON that can be shown on a terminal: every control character is escaped, nothing is lost. 64-bit numbers become texts. */
export function jsonText(value: unknown, indent?: number): string {
  return escapeControls(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one), indent));
}

/** The same characters as escapes that JSON and double-quoted YAML both know. */
export function escapeControls(text: string): string {
  return text.replaceAll(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function hasControls(text: string): boolean {
  return text.search(CONTROLS) !== -1;
}
