import type { Clock } from '../contract/clock.js';

/**
 * `text` in word-like pieces that stand in for tokens: up to 8 characters with the space before them. Joined, they give `text`
 * again; no piece ends inside a character.
 */
export function textPieces(text: string): string[] {
  return text.match(/\s*\S{1,8}|\s+/gu) ?? [];
}

/** The JSON of a tool call's arguments in pieces of 16 characters, as a model streams them. */
export function argumentPieces(json: string): string[] {
  return json.match(/.{1,16}/gsu) ?? [];
}

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts; with 0 at once. */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.setTimer(ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
