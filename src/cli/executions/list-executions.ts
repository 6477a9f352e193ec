import { ExecutionStream, type ExecutionSummary, ExecutionSummarySchema } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { phaseByName, phaseName } from '../../contract/phases.js';
import { toProtoJson } from '../../contract/proto-json.js';
import { parseTimestamp } from '../../contract/timestamps.js';
import type { CliContext } from '../context.js';
import { formatAge, formatCount, formatDuration } from '../terminal/format.js';
import { dim, green, type Piece, red, yellow } from '../terminal/output.js';
import { type Column, writeTable } from '../terminal/table.js';
import { writeValue } from '../terminal/write-value.js';
import { PHASE_ICONS } from '../transcript/words.js';
import { usageError } from '../usage-error.js';
import { ownerNames } from './owner-names.js';

/** Which executions. */
export interface ExecutionListOptions {
  readonly org?: string;
  /** Name of the enum value: `agent_execution`. */
  readonly kind?: string;
  readonly session?: string;
  /** Id of an agent or workflow. */
  readonly owner?: string;
  readonly phases?: readonly string[];
  /** Most to show, the newest; 0 shows all. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 50;
const COLUMNS: readonly Column[] = [{ title: 'ID' }, { title: 'PHASE' }, { title: 'STARTED' }, { title: 'TOOK' }, { title: 'OF', wraps: true }, { title: 'ERROR', wraps: true }];

/** Writes the newest executions, newest last. */
export async function listExecutions(ctx: CliContext, options: ExecutionListOptions): Promise<void> {
  const phases = (options.phases ?? []).map((name) => {
    const phase = phaseByName(name);
    if (phase === undefined) throw usageError(`--phase: '${name}' must be pending, in-progress, completed, failed or cancelled`, 'stigmer executions list');
    return phase;
  });
  const all = (await snapshot(ctx, { org: options.org ?? '', sessionId: options.session ?? '', ownerId: options.owner ?? '', phases })).filter(({ kind }) => options.kind === undefined || kind === options.kind);
  const limit = options.limit ?? DEFAULT_LIMIT;
  const shown = limit === 0 ? all : all.slice(-limit);
  if (ctx.format !== 'text') {
    await writeValue(ctx.out, ctx.format, shown.map(value));
  } else if (shown.length === 0) {
    ctx.err.line(dim('no executions'));
  } else {
    const names = await ownerNames(await ctx.client(), shown.map(({ ownerId }) => ownerId), ctx.signal);
    writeTable(ctx.out, COLUMNS, shown.map((summary) => row(summary, names.get(summary.ownerId) ?? '', ctx.clock.now())));
  }
  const hidden = all.length - shown.length;
  if (hidden > 0) ctx.err.line(dim(`… and ${formatCount(hidden, 'older one')}: --limit 0 shows all`));
}

/** The list as it is now: the first message of a watch of the list. Ids grow with time, so their order is that of creation. */
async function snapshot(ctx: CliContext, request: { org: string; sessionId: string; ownerId: string; phases: number[] }): Promise<ExecutionSummary[]> {
  const client = await ctx.client();
  for await (const { item } of client.serverStream(ExecutionStream.method.watchList, request, { signal: ctx.signal, timeoutMs: 30_000 })) {
    if (item.case !== 'snapshot') continue;
    return item.value.executions.toSorted((left, right) => timeOf(left.executionId).localeCompare(timeOf(right.executionId)));
  }
  return [];
}

/** The part of an id that tells its time: ids of both kinds are in one order by it. */
function timeOf(id: string): string {
  return id.slice(id.indexOf('-') + 1);
}

function value(summary: ExecutionSummary): unknown {
  return { ...(toProtoJson(ExecutionSummarySchema, summary) as object), phase: phaseName(summary.phase).replaceAll(' ', '_') };
}

const PHASE_STYLES: Readonly<Record<number, (text: string) => Piece>> = { 3: green, 4: red, 5: yellow };

function row({ executionId, phase, startedAt, completedAt, error }: ExecutionSummary, owner: string, now: number): Piece[] {
  const style = PHASE_STYLES[phase] ?? ((text: string) => text);
  const [start, end] = [parseTimestamp(startedAt), parseTimestamp(completedAt)];
  return [
    executionId,
    style(`${PHASE_ICONS[phase] ?? '•'} ${phaseName(phase)}`),
    startedAt === '' ? '' : `${formatAge(startedAt, now)} ago`,
    start === undefined || end === undefined ? '' : formatDuration(end - start),
    owner,
    error,
  ];
}
