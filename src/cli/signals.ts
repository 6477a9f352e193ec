import { Code, ERROR_DOMAIN, StigmerError } from '../contract/errors.js';
import { ExitCode } from './exit-codes.js';

/** Why the program has to end. */
export type Ending = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'CLOSED_PIPE';

const CODES: Readonly<Record<Ending, number>> = {
  SIGINT: ExitCode.INTERRUPTED,
  SIGTERM: ExitCode.TERMINATED,
  SIGHUP: ExitCode.HANGUP,
  CLOSED_PIPE: ExitCode.CLOSED_PIPE,
};

const REASON = 'PROGRAM_ENDS';

/** What ends the program from outside, as one signal; and Ctrl-C, which a command may take for itself. */
export class Signals {
  readonly #abort = new AbortController();
  readonly #interruptHandlers: (() => void)[] = [];

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** How the program is to end, once it has to. */
  get exitCode(): number | undefined {
    return this.#abort.signal.aborted ? CODES[endingOf(this.#abort.signal) ?? 'SIGTERM'] : undefined;
  }

  /** Takes SIGINT until the returned function is called. */
  onInterrupt(handler: () => void): () => void {
    this.#interruptHandlers.push(handler);
    return () => {
      const at = this.#interruptHandlers.indexOf(handler);
      if (at !== -1) this.#interruptHandlers.splice(at, 1);
    };
  }

  /** SIGINT came. */
  interrupt(): void {
    const handler = this.#interruptHandlers.at(-1);
    if (handler === undefined) this.end('SIGINT');
    else handler();
  }

  end(ending: Ending): void {
    this.#abort.abort(new StigmerError(Code.CANCELLED, `the command ends: ${ending}`, { details: [{ type: 'ErrorInfo', reason: REASON, domain: ERROR_DOMAIN, metadata: { ending } }] }));
  }
}

/** Why a signal of the program aborted; undefined when it has not. */
export function endingOf(signal: AbortSignal): Ending | undefined {
  const { reason } = signal as { readonly reason: unknown };
  if (!(reason instanceof StigmerError) || reason.reason !== REASON) return undefined;
  const detail = reason.details.find((one) => one.type === 'ErrorInfo');
  return detail?.metadata['ending'] as Ending | undefined;
}
