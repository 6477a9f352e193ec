import { wait } from '../../client/wait.js';
import type { ComponentStatus, DaemonStatus } from '../../daemon/control.js';
import type { CliContext } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { formatAge, formatBytes } from '../terminal/format.js';
import { bold, cyan, dim, type Output, type Piece } from '../terminal/output.js';
import { type Column, writeTable } from '../terminal/table.js';
import { writeParagraph } from '../terminal/text-flow.js';
import { writeValue } from '../terminal/write-value.js';
import { stateCell } from './component-line.js';

const EVERY_MS = 1_000;
const COLUMNS: readonly Column[] = [
  { title: 'COMPONENT' },
  { title: 'STATE' },
  { title: 'SINCE' },
  { title: 'ADDRESS' },
  { title: 'PID' },
  { title: 'CONTAINER' },
  { title: 'RESTARTS' },
  { title: 'MEMORY' },
];

/** Writes what the supervisor says of itself and its components. Gives the exit code: 0 all ready, 1 one is not, 4 none runs. */
export async function showStatus(ctx: CliContext, { watch }: { readonly watch: boolean }): Promise<number> {
  const { daemonStatus } = await ctx.daemon();
  for (;;) {
    const status = await daemonStatus(ctx.env.values.STIGMER_HOME);
    if (watch && ctx.out.isTty) ctx.out.control('\u001b[H\u001b[2J');
    await write(ctx, status);
    if (!watch) return exitCode(status);
    await wait(ctx.clock, EVERY_MS, ctx.signal);
    if (ctx.signal.aborted) return exitCode(status);
  }
}

function exitCode(status: DaemonStatus | undefined): number {
  if (status === undefined) return ExitCode.UNREACHABLE;
  return status.components.every(({ state }) => state === 'ready') ? ExitCode.DONE : ExitCode.FAILED;
}

async function write({ out, env, format, clock }: CliContext, status: DaemonStatus | undefined): Promise<void> {
  const home = env.values.STIGMER_HOME;
  if (format !== 'text') return writeValue(out, format, status === undefined ? { running: false, home } : { running: true, ...status });
  if (status === undefined) {
    out.line(`The server is not running (${home}).`);
    out.line('  → ', cyan('stigmer server start'));
    return;
  }
  const now = clock.now();
  out.line(bold(`stigmer ${status.version}`), ` · pid ${status.pid} · up ${formatAge(status.startedAt, now)} · ${status.home} · ${formatBytes(status.diskBytes)} on disk`);
  out.line();
  writeTable(out, COLUMNS, status.components.map((component) => row(component, now)));
  out.line();
  for (const component of status.components) writeRemarks(out, component);
}

function row({ name, state, since, address, pid, container, restarts, memoryBytes }: ComponentStatus, now: number): Piece[] {
  return [
    name,
    stateCell(state),
    formatAge(since, now),
    address ?? '',
    pid === undefined ? '' : String(pid),
    container ?? '',
    restarts === 0 ? '' : String(restarts),
    memoryBytes === undefined ? '' : formatBytes(memoryBytes),
  ];
}

function writeRemarks(out: Output, { name, state, detail, lastError, version }: ComponentStatus): void {
  const remarks = [detail, version === undefined ? undefined : `version ${version}`].filter((remark) => remark !== undefined && remark !== '');
  if (remarks.length > 0) writeParagraph(out, `${name}: `, remarks.join(' · '), state === 'ready' ? { style: 'dim' } : {});
  if (lastError !== undefined && lastError !== '') {
    writeParagraph(out, `${name}: last error: `, lastError, { style: 'red' });
    if (state !== 'ready') out.line(dim('  → '), cyan(`stigmer server logs -c ${name}`));
  }
}
