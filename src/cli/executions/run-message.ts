import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CliContext } from '../context.js';
import { usageError } from '../usage-error.js';

/** What the original says when nothing was given. */
const DEFAULT_MESSAGE = 'execute';

/** The message of a run: the text itself, `@FILE`, `-` for standard input; `@@…` is a text that starts with `@`. */
export async function runMessage(ctx: Pick<CliContext, 'cwd' | 'readInput'>, given: string | undefined): Promise<string> {
  if (given === undefined) return DEFAULT_MESSAGE;
  const message = await textOf(ctx, given);
  if (message.trim() === '') throw usageError(`--message: ${given === '-' ? 'standard input' : given.startsWith('@') ? given.slice(1) : 'the text'} is empty`, 'stigmer run');
  return message;
}

async function textOf(ctx: Pick<CliContext, 'cwd' | 'readInput'>, given: string): Promise<string> {
  if (given === '-') return ctx.readInput();
  if (given.startsWith('@@') || !given.startsWith('@')) return given.replace(/^@@/, '@');
  const path = resolve(ctx.cwd, given.slice(1));
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usageError(`--message: ${path} cannot be read: ${(error as Error).message}`, 'stigmer run');
  }
}
