import { Code, dataLoss, ERROR_DOMAIN, failedPrecondition, internal, StigmerError, unavailable } from '../../contract/errors.js';
import { type SqliteFailure, sqliteFailure } from './sqlite-failure.js';

/** An error of SQLite as the error that the store promises, naming the file. Anything else is returned as StigmerError.from has it. */
export function sqliteError(error: unknown, file: string): StigmerError {
  if (error instanceof StigmerError) return error;
  const failure = sqliteFailure(error);
  return failure ? failureError(failure, file, error) : StigmerError.from(error);
}

/** What an SQLite result code means to the caller. */
export function failureError({ code, message }: SqliteFailure, file: string, cause?: unknown): StigmerError {
  const options = { reason: code, metadata: { file }, cause };
  const primary = code.split('_').slice(0, 2).join('_');
  switch (primary) {
    case 'SQLITE_FULL':
      return exhausted(`the database ${file} cannot grow: the disk is full or its size limit is reached. Free space, or raise the limit.`, options);
    case 'SQLITE_TOOBIG':
      return exhausted(`a value is too large for the database ${file}: ${message}`, options);
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return dataLoss(`the database ${file} is damaged: ${message}. Restore a backup.`, options);
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return unavailable(`the database ${file} is held by another process: ${message}. Try again.`, options);
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return failedPrecondition(`the database ${file} cannot be written: ${message}. Check the permissions of file and folder.`, options);
    case 'SQLITE_IOERR':
      return unavailable(`the disk failed on the database ${file}: ${message} (${code})`, options);
    default:
      return internal(`the database ${file} refused a statement: ${message} (${code})`, options);
  }
}

function exhausted(message: string, options: { reason: string; metadata: Record<string, string>; cause?: unknown }): StigmerError {
  const info = { type: 'ErrorInfo' as const, reason: options.reason, domain: ERROR_DOMAIN, metadata: options.metadata };
  return new StigmerError(Code.RESOURCE_EXHAUSTED, message, { details: [info], cause: options.cause });
}
