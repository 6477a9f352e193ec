import { create } from '@bufbuild/protobuf';
import { followExecution } from '../../client/follow-execution.js';
import type { RpcClient } from '../../client/rpc-client.js';
import { Code, StigmerError } from '../../contract/errors.js';
import { ExecutionControl } from '../../contract/gen/stigmer/execution/v1/execution_pb.js';
import { ExecutionStateSchema } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { Phase, phaseName } from '../../contract/phases.js';
import { connectionFault } from '../connection/connection-fault.js';
import type { CliContext } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { endingOf } from '../signals.js';
import { formatDuration } from '../terminal/format.js';
import { cyan, dim, yellow } from '../terminal/output.js';
import { NdjsonView } from './ndjson-view.js';
import { ResultView } from './result-view.js';
import { summarize } from './summary.js';
import { TextView } from './text-view.js';
import { Transcript } from './transcript.js';
import type { TranscriptView } from './view.js';
import { PHASE_ICONS } from './words.js';

/** An execution to follow. */
export interface Followed {
  readonly executionId: string;
  readonly kind: 'agent' | 'workflow';
  /** When it was created, by the server's clock in milliseconds since 1970, if that is known. */
  readonly createdAt: number | undefined;
  /** Show arguments and results whole. */
  readonly full: boolean;
  /** It is one turn of a talk: Ctrl-C cancels it, the person's own words are not repeated, and the summary is one line. */
  readonly turn?: boolean;
}

/** A status line counts the seconds when nothing else is to be seen for so long. */
const QUIET_MS = 1_000;
/** A connection that stays away for so long gets a word on what to do. */
const LONG_BREAK_MS = 15_000;

export function viewFor({ out, err, format }: CliContext, { full, createdAt, turn = false }: Pick<Followed, 'full' | 'createdAt' | 'turn'>): TranscriptView {
  if (format === 'text') return new TextView(out, err, { full, turn, ...(createdAt === undefined ? {} : { createdAt }) });
  return format === 'ndjson' ? new NdjsonView(out) : new ResultView(out, err, format);
}

/**
 * Shows an execution as it goes on, to its end, and gives the exit code. Ctrl-C asks whether to detach or to cancel; where nobody can
 * be asked, it detaches.
 */
export async function follow(ctx: CliContext, client: RpcClient, followed: Followed): Promise<number> {
  return new Follower(ctx, client, followed).run();
}

class Follower {
  readonly #ctx: CliContext;
  readonly #client: RpcClient;
  readonly #followed: Followed;
  readonly #view: TranscriptView;
  readonly #transcript = new Transcript();
  readonly #left = new AbortController();
  #state = create(ExecutionStateSchema);
  /** Resolves when the person has answered. Nothing is shown meanwhile. */
  #asking: Promise<void> | undefined;
  #interrupted = false;
  #quietSince: number;
  #cancelTimer: () => void = () => undefined;

  constructor(ctx: CliContext, client: RpcClient, followed: Followed) {
    this.#ctx = ctx;
    this.#client = client;
    this.#followed = followed;
    this.#view = viewFor(ctx, followed);
    this.#quietSince = ctx.clock.now();
  }

  async run(): Promise<number> {
    const { signal, clock, onInterrupt } = this.#ctx;
    const release = onInterrupt.call(this.#ctx, () => this.#onInterrupt());
    this.#tick();
    try {
      const options = { kind: this.#followed.kind, clock, signal: AbortSignal.any([signal, this.#left.signal]) };
      for await (const event of followExecution(this.#client, this.#followed.executionId, options)) {
        while (this.#asking !== undefined) await this.#asking;
        if (this.#left.signal.aborted) break;
        this.#quietSince = clock.now();
        switch (event.type) {
          case 'state':
            this.#state = event.state;
            for (const news of this.#transcript.state(event.state)) this.#view.show(news);
            break;
          case 'notice':
            for (const news of this.#transcript.notice(event.notice, clock.now())) this.#view.show(news);
            break;
          case 'break':
            this.#connectionLost(event.reason);
            break;
          case 'resumed':
            this.#cancelBreakTimer();
            this.#view.show({ type: 'connection-resumed', endpoint: this.#client.endpoint });
            break;
          case 'end': {
            const summary = summarize(this.#followed.executionId, this.#state, { createdAt: this.#followed.createdAt, end: event.end });
            await this.#view.finish(summary);
            if (this.#interrupted) return ExitCode.INTERRUPTED;
            return summary.phase === Phase.COMPLETED && !summary.deleted ? ExitCode.DONE : ExitCode.FAILED;
          }
        }
      }
      while (this.#asking !== undefined) await this.#asking;
      if (!signal.aborted) return this.#detached();
      if (endingOf(signal) !== 'CLOSED_PIPE') this.#detached();
      throw StigmerError.from(signal.reason);
    } finally {
      release();
      this.#cancelTimer();
      this.#cancelBreakTimer();
      this.#ctx.out.status();
    }
  }

  #cancelBreakTimer: () => void = () => undefined;

  #connectionLost(reason: StigmerError): void {
    const { endpoint } = this.#client;
    this.#view.show({ type: 'connection-lost', endpoint, reason: connectionFault(reason.message) });
    this.#cancelBreakTimer = this.#ctx.clock.setTimer(LONG_BREAK_MS, () => {
      this.#view.aside(yellow(`still no answer from ${endpoint}; the execution goes on without this terminal`));
      this.#view.aside('  → ', cyan('stigmer server status'));
    });
  }

  /** Once a second: notices that have changed, and for people a line that shows that time passes. */
  #tick(): void {
    const { clock, out, format } = this.#ctx;
    this.#cancelTimer = clock.setTimer(QUIET_MS, () => {
      if (this.#asking === undefined) {
        for (const news of this.#transcript.due(clock.now())) this.#view.show(news);
        const quiet = clock.now() - this.#quietSince;
        if (format === 'text' && quiet >= QUIET_MS) out.status(dim(this.#quietText(quiet)));
      }
      this.#tick();
    });
  }

  #quietText(quietMs: number): string {
    const phase = this.#state.status.value?.phase ?? Phase.PENDING;
    return `${PHASE_ICONS[phase] ?? '•'} ${phaseName(phase)} · quiet for ${formatDuration(Math.floor(quietMs / 1000) * 1000).replace('.0', '')}`;
  }

  #onInterrupt(): void {
    const { prompt, signal } = this.#ctx;
    if (this.#followed.turn === true && !this.#interrupted) {
      this.#asking = this.#cancel().finally(() => (this.#asking = undefined));
      return;
    }
    if (prompt === undefined || this.#asking !== undefined || this.#interrupted) {
      this.#left.abort();
      return;
    }
    this.#asking = this.#ask(prompt, signal).finally(() => (this.#asking = undefined));
  }

  async #ask(prompt: NonNullable<CliContext['prompt']>, signal: AbortSignal): Promise<void> {
    this.#ctx.out.status();
    const answer = await prompt.choose(
      'Interrupted. The execution is still running:',
      [
        { key: 'd', word: 'detach' },
        { key: 'c', word: 'cancel' },
        { key: 'g', word: 'go on' },
      ],
      signal,
    );
    if (answer === 'g') return;
    if (answer === 'c') await this.#cancel();
    else this.#left.abort();
  }

  async #cancel(): Promise<void> {
    this.#interrupted = true;
    try {
      await this.#client.unary(ExecutionControl.method.cancel, { executionId: this.#followed.executionId, reason: 'cancelled at the terminal' });
      this.#view.aside(dim('cancelling… (Ctrl-C again to leave at once)'));
    } catch (error) {
      const reason = StigmerError.from(error);
      // It ended in the meantime: the end is on its way.
      if (reason.code === Code.FAILED_PRECONDITION) return;
      this.#view.aside(yellow(`it could not be cancelled: ${reason.message}`));
      this.#interrupted = false;
    }
  }

  #detached(): number {
    const { executionId } = this.#followed;
    this.#view.aside('Detached. The execution goes on.');
    this.#view.aside('  → ', cyan(`stigmer executions watch ${executionId}`));
    this.#view.aside('  → ', cyan(`stigmer cancel ${executionId}`));
    return ExitCode.INTERRUPTED;
  }
}
