import type { CliContext } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { formatCount, formatDuration } from '../terminal/format.js';
import { bold, dim, yellow } from '../terminal/output.js';
import { cleanLine } from '../terminal/text-cleaner.js';
import { writeParagraph } from '../terminal/text-flow.js';
import { writeValue } from '../terminal/write-value.js';
import { usageError } from '../usage-error.js';
import { progressText } from './component-line.js';
import { executionsInProgress } from './executions-in-progress.js';

export interface StopInput {
  readonly now: boolean;
  /** Nothing is said about a server that does not run. */
  readonly quiet: boolean;
}

/** Stops the supervisor and its components, after asking when executions are in progress. Gives the exit code. */
export async function stopServer(ctx: CliContext, { now, quiet }: StopInput): Promise<number> {
  const home = ctx.env.values.STIGMER_HOME;
  const { daemonStatus, stopDaemon } = await ctx.daemon();
  const status = await daemonStatus(home);
  if (status !== undefined && !now && !(await mayStop(ctx, status.components.find(({ name }) => name === 'server')?.address))) return ExitCode.INTERRUPTED;
  const begun = ctx.clock.now();
  const stopped = await stopDaemon(home, { now }, (progress) => {
    if (ctx.format !== 'text') return;
    if (progress.type === 'message') writeParagraph(ctx.err, '  ', progress.text, { style: 'dim' });
    else if (progress.component.state === 'stopped') ctx.out.line(`○ ${cleanLine(progress.component.name)} stopped`);
    else ctx.out.status(dim(`… ${progressText(progress.component)}`));
  });
  ctx.out.status();
  if (ctx.format !== 'text') {
    if (!quiet) await writeValue(ctx.out, ctx.format, { stopped });
  } else if (stopped) ctx.out.line(bold(`Stopped in ${formatDuration(ctx.clock.now() - begun)}`));
  else if (!quiet) ctx.out.line('The server is not running.');
  return ExitCode.DONE;
}

async function mayStop(ctx: CliContext, address: string | undefined): Promise<boolean> {
  const running = await executionsInProgress(ctx, address);
  if (running.length === 0) return true;
  ctx.err.line(yellow(`⚠ ${formatCount(running.length, 'execution')} in progress:`));
  for (const { executionId, name } of running) ctx.err.line(`    ${executionId}  ${cleanLine(name)}`);
  if (ctx.prompt === undefined) throw usageError('executions are in progress, and there is no terminal to ask whether to stop; pass --now', 'stigmer server stop');
  return (await ctx.prompt.choose('Stop all the same?', [{ key: 'y', word: 'yes' }, { key: 'n', word: 'no' }], ctx.signal)) === 'y';
}
