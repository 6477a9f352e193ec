import type { Logger } from './log.js';

/**
 * Libraries of the loop print pieces of conversations that they cannot read. Nothing of that belongs in a log: what is told is that
 * something was printed.
 */
export function quietConsole(log: Logger): void {
  const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
  for (const method of methods) {
    globalThis.console[method] = () => log.debug({ method }, 'a library printed something, which is left out');
  }
}
