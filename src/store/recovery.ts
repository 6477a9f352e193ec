import { Code, StigmerError } from '../contract/errors.js';
import { Phase } from '../contract/phases.js';
import type { LogReader } from './sqlite/log.js';
import type { Statements } from './sqlite/statements.js';

/** Lines of the check that are kept; a broken file can give millions. */
const MAX_PROBLEMS = 100;

const UNFINISHED = `SELECT id FROM executions INDEXED BY executions_by_phase WHERE phase < ${Phase.COMPLETED}
  UNION ALL SELECT id FROM executions INDEXED BY executions_by_phase WHERE phase > ${Phase.CANCELLED}`;

/**
 * What the start finds wrong. Executions that are not finished are read through: the damaged ones are noted in the log reader, and the
 * others go on. With `wholeFile`, the file's structure is checked as well; the result is what SQLite says about it, empty when it is sound.
 */
export function checkIntegrity(statements: Statements, log: LogReader, wholeFile: boolean): readonly string[] {
  const problems = wholeFile ? structureProblems(statements) : [];
  for (const { id } of statements.query<{ id: string }>(UNFINISHED).all()) log.examine(id);
  return problems;
}

function structureProblems(statements: Statements): readonly string[] {
  try {
    const lines = statements.query<{ quick_check: string }>(`PRAGMA quick_check(${MAX_PROBLEMS})`).all().map((row) => row.quick_check);
    return lines.length === 1 && lines[0] === 'ok' ? [] : lines;
  } catch (error) {
    // The check itself may stumble over the damage that it looks for.
    if (error instanceof StigmerError && error.code === Code.DATA_LOSS) return [error.message];
    throw error;
  }
}
