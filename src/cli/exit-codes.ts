import { Code, type StigmerError } from '../contract/errors.js';

/** How the program ends. */
export const ExitCode = {
  DONE: 0,
  /** The execution failed or was cancelled, or something went wrong that is none of the following. */
  FAILED: 1,
  /** What was typed, or the manifest, is wrong. */
  USAGE: 2,
  NOT_FOUND: 3,
  /** No answer from the server, or no server runs here. */
  UNREACHABLE: 4,
  /** SIGHUP, SIGINT, SIGPIPE, SIGTERM: 128 and the signal's number, as shells have it. */
  HANGUP: 129,
  INTERRUPTED: 130,
  CLOSED_PIPE: 141,
  TERMINATED: 143,
} as const;

/** The exit code that tells of this error. */
export function exitCodeOf(error: StigmerError): number {
  switch (error.code) {
    case Code.INVALID_ARGUMENT:
    case Code.OUT_OF_RANGE:
      return ExitCode.USAGE;
    case Code.NOT_FOUND:
      return ExitCode.NOT_FOUND;
    case Code.UNAVAILABLE:
    case Code.DEADLINE_EXCEEDED:
      return ExitCode.UNREACHABLE;
    default:
      return ExitCode.FAILED;
  }
}
