import type { LogLine, LogQuery } from '../../daemon/control.js';
import type { CliContext } from '../context.js';
import { dim, type Output, type Piece, red, yellow } from '../terminal/output.js';
import { jsonText } from '../terminal/json.js';
import { usageError } from '../usage-error.js';

export interface LogsInput {
  readonly component: readonly string[];
  readonly follow: boolean | undefined;
  readonly tail: number;
  readonly since: number | undefined;
  readonly level: string | undefined;
  readonly grep: string | undefined;
  readonly all: boolean | undefined;
  readonly stderr: boolean | undefined;
}

const COMPONENT_WIDTH = 15;

/** Writes the components' logs until their end, or for as long as they are followed. */
export async function showLogs(ctx: CliContext, input: LogsInput): Promise<void> {
  const follow = input.follow ?? ctx.out.isTty;
  if (input.stderr === true) ctx.err.line(yellow('⚠ --stderr has no effect: both streams of a component are in one log'));
  if (input.grep !== undefined) assertPattern(input.grep);
  const { readDaemonLogs } = await ctx.daemon();
  const lines = readDaemonLogs(ctx.env.values.STIGMER_HOME, queryOf(input, follow), ctx.signal);
  if (ctx.format === 'json' && !follow) {
    const all: LogLine[] = [];
    for await (const line of lines) all.push(line);
    ctx.out.line(jsonText(all, 2));
    return;
  }
  let shown = 0;
  for await (const line of lines) {
    shown++;
    if (ctx.format === 'text') writeLine(ctx.out, line);
    else ctx.out.line(jsonText(line));
  }
  if (shown === 0 && ctx.format === 'text' && !ctx.signal.aborted) ctx.err.line(dim('no such lines'));
}

function queryOf({ component, tail, since, level, grep, all }: LogsInput, follow: boolean): LogQuery {
  const components = component.flatMap((names) => names.split(',')).map(originalName);
  return {
    follow,
    ...(components.length === 0 || all === true ? {} : { components }),
    ...(tail === 0 ? {} : { tail }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(level === undefined ? {} : { level }),
    ...(grep === undefined ? {} : { grep }),
  };
}

/** The original's names of the components, beside ours. */
function originalName(name: string): string {
  return { 'workflow-runner': 'worker' }[name.trim()] ?? name.trim();
}

function assertPattern(pattern: string): void {
  try {
    RegExp(pattern);
  } catch (error) {
    throw usageError(`--grep: ${(error as Error).message}`, 'stigmer server logs');
  }
}

function writeLine(out: Output, { time, component, level, text }: LogLine): void {
  const style: (one: string) => Piece = level === 'error' || level === 'fatal' ? red : level === 'warn' ? yellow : (one) => one;
  out.line(dim(time), ` [${component.padEnd(COMPONENT_WIDTH)}] `, style(level.toUpperCase().padEnd(5)), ' ', style(text));
}
