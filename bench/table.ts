/** One line of the table: a piece of work, and what it took here, on the floor, and in the original. */
export interface Row {
  readonly work: string;
  readonly ours: string;
  /** The same work without us, measured in this run. */
  readonly floor?: string;
  /** Ours against the floor. */
  readonly ratio?: string;
  readonly goal?: string;
  /** Whether the goal is reached in this run. */
  readonly met?: boolean;
  /** What the original took, on the day that `baseline.ts` names. */
  readonly original?: string;
}

const COLUMNS = ['work', 'ours', 'bare floor', 'ratio', 'goal', '', 'the original'] as const;

/** The rows as a Markdown table whose columns line up. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map(({ work, ours, floor = '', ratio = '', goal = '', met, original = '' }) => [work, ours, floor, ratio, goal, verdict(met), original]);
  const widths = COLUMNS.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(COLUMNS), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...cells.map(line)].join('\n');
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? 'ok' : 'MISSED';
}
