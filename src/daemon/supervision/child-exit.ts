import { toLogRecord } from './log-record.js';

/** How a child process ended. */
export interface ChildExit {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when it ended because `stop` was called. */
  readonly asked: boolean;
  /** The last lines that it wrote to stdout and stderr, oldest first, at most {@link KEPT_LINES}. */
  readonly lastLines: readonly string[];
}

/** How many of a child's last lines are kept for the text of its exit. */
export const KEPT_LINES = 20;

/** "exited with code 3" or "was ended by SIGKILL", with the usual cause where the signal alone would leave one guessing. */
export function describeExit(exit: ChildExit): string {
  if (exit.signal === null) return `exited with code ${exit.code ?? 'unknown'}`;
  const cause = exit.signal === 'SIGKILL' && !exit.asked ? ' (not by us: another user or program, or the kernel for lack of memory)' : '';
  return `was ended by ${exit.signal}${cause}`;
}

/** {@link describeExit} followed by the last lines, indented, for a person to read. */
export function explainExit(exit: ChildExit): string {
  return exit.lastLines.length === 0 ? `${describeExit(exit)}, having printed nothing` : withLastLines(describeExit(exit), exit);
}

/** `text`, followed by what the child printed last, if it did. */
export function withLastLines(text: string, exit: ChildExit): string {
  return exit.lastLines.length === 0 ? text : `${text}; its last lines:\n${exit.lastLines.map((line) => `  ${readable(line)}`).join('\n')}`;
}

/** A line of JSON is a record of a program's log, of which its level and its words are for a person; the log has the rest. */
function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  const { level, msg } = toLogRecord('', 'stdout', line, 0);
  return msg === '' ? line : `${level}: ${msg}`;
}
