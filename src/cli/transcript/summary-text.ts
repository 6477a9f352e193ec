import { isTerminal, Phase, phaseName } from '../../contract/phases.js';
import { formatCount, formatDuration, formatNumber } from '../terminal/format.js';
import { jsonText } from '../terminal/json.js';
import { bold, dim, type Output } from '../terminal/output.js';
import { writeParagraph } from '../terminal/text-flow.js';
import type { Summary } from './summary.js';
import { PHASE_ICONS } from './words.js';

const RULE = 80;

/** Writes what came of an execution between two rules. */
export function writeSummary(out: Output, summary: Summary): void {
  const rule = '─'.repeat(Math.min(RULE, out.columns ?? RULE));
  const { workflow } = summary;
  if (workflow?.output !== undefined) {
    out.line();
    out.line(bold('Output:'));
    writeParagraph(out, '  ', jsonText(workflow.output, 2));
  }
  out.line();
  out.line(dim(rule));
  writeEnd(out, summary);
  out.line(dim(rule));
}

/** The same for one turn of a talk: a line, and why it failed. */
export function writeTurnSummary(out: Output, summary: Summary): void {
  writeEnd(out, summary);
  out.line();
}

function writeEnd(out: Output, summary: Summary): void {
  const { phase, error, deleted, durationMs } = summary;
  const took = durationMs === undefined || !isTerminal(phase) ? '' : ` in ${formatDuration(durationMs)}`;
  const ended = deleted ? '⚠️ the execution was deleted' : `${PHASE_ICONS[phase] ?? '•'} ${phaseName(phase)}${took}`;
  writeParagraph(out, '', [ended, ...countsOf(summary)].join(' · '));
  if (error !== '') writeParagraph(out, phase === Phase.CANCELLED ? 'Reason: ' : 'Error: ', error, phase === Phase.CANCELLED ? {} : { style: 'red', prefixStyle: 'red' });
}

function countsOf({ agent, workflow, usage }: Summary): string[] {
  const counts: string[] = [];
  if (agent !== undefined) counts.push(formatCount(agent.messages, 'message'), formatCount(agent.toolCalls, 'tool call'));
  if (workflow !== undefined) {
    const { tasks, completed, failed, skipped } = workflow;
    const parts = [...(completed > 0 ? [`${completed} completed`] : []), ...(failed > 0 ? [`${failed} failed`] : []), ...(skipped > 0 ? [`${skipped} skipped`] : [])];
    counts.push(`${formatCount(tasks, 'task')}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`);
  }
  if (usage !== undefined && (usage.inputTokens > 0n || usage.outputTokens > 0n)) {
    counts.push(`${formatNumber(usage.inputTokens)} tokens in, ${formatNumber(usage.outputTokens)} out`);
    if (usage.costMicros > 0n) counts.push(`$${(Number(usage.costMicros) / 1e6).toFixed(4)}`);
  }
  return counts;
}
