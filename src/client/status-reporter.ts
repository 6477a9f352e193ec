import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Clock } from '../contract/clock.js';
import { cancelled, Code, StigmerError } from '../contract/errors.js';
import type { AgentExecutionStatus } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { type ExecutionEvent, ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import type { NoticeSchema } from '../contract/gen/stigmer/stream/v1/notice_pb.js';
import { isTerminal, Phase } from '../contract/phases.js';
import { isoNow } from '../contract/timestamps.js';
import { apply } from '../execution/apply.js';
import { executionEvent } from '../execution/event.js';
import { projectionOf, type Projection } from '../execution/projection.js';
import { Backoff } from './backoff.js';
import type { ExecutionReporter } from './reporter.js';
import type { RpcClient } from './rpc-client.js';
import { wait } from './wait.js';

export interface StatusReporterOptions {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly executionId: string;
  /** The status that the run starts from. */
  readonly status: AgentExecutionStatus;
  readonly onStop: (reason: string) => void;
}

/** Most often that a status is sent: the whole conversation goes each time. */
const intervalMs = 200;

/** Errors after which another try cannot help. */
const final: readonly number[] = [
  Code.INVALID_ARGUMENT,
  Code.NOT_FOUND,
  Code.UNAUTHENTICATED,
  Code.PERMISSION_DENIED,
  Code.FAILED_PRECONDITION,
  Code.RESOURCE_EXHAUSTED,
  Code.UNIMPLEMENTED,
];

/**
 * Reports to a server that has only `updateStatus`: keeps the status, and sends it whole, at most five times a second, until the server
 * has heard of every event.
 */
export class StatusReporter implements ExecutionReporter {
  readonly #options: StatusReporterOptions;
  readonly #projection: Projection;
  readonly #ended = new AbortController();
  #said = 0;
  #heard = 0;
  #sending: Promise<void> | undefined;
  #failure: StigmerError | undefined;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
    this.#projection = projectionOf(create(ExecutionStateSchema, { status: { case: 'agent', value: options.status } }));
  }

  /** Says that the run is in progress, which such a server does not find out by itself. */
  open(): Promise<{ readonly messageCount: number }> {
    const { clock, status } = this.#options;
    if (!isTerminal(status.phase)) this.append(executionEvent('phaseChanged', { phase: Phase.IN_PROGRESS, startedAt: isoNow(clock) }));
    return Promise.resolve({ messageCount: status.messages.length });
  }

  append(event: ExecutionEvent): void {
    if (this.#failure !== undefined || this.#ended.signal.aborted) return;
    apply(this.#projection, event);
    this.#said++;
    this.#keepSending();
  }

  notice(_notice: MessageInitShape<typeof NoticeSchema>): void {
    // Such a server has no place for notices.
  }

  async flush(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#heard < this.#said) throw cancelled('the report was closed');
  }

  close(): void {
    this.#ended.abort();
  }

  #keepSending(): void {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      // Something may have been said after the loop looked last.
      if (this.#heard < this.#said && this.#failure === undefined && !this.#ended.signal.aborted) this.#keepSending();
    });
  }

  /** Never rejects: `flush` tells the failure. */
  async #send(): Promise<void> {
    const { client, clock, executionId } = this.#options;
    const backoff = new Backoff({ initialMs: intervalMs, maxMs: 5_000 });
    while (this.#heard < this.#said && !this.#ended.signal.aborted) {
      const said = this.#said;
      const { status } = this.#projection.state;
      if (status.case !== 'agent') return;
      try {
        await client.unary(AgentExecutionCommandController.method.updateStatus, { executionId, status: status.value }, { signal: this.#ended.signal });
        this.#heard = said;
        backoff.reset();
        if (this.#heard < this.#said) await wait(clock, intervalMs, this.#ended.signal);
      } catch (error) {
        const reason = StigmerError.from(error);
        if (this.#ended.signal.aborted) return;
        if (final.includes(reason.code)) {
          this.#failure = reason;
          this.#options.onStop(reason.message);
          return;
        }
        await wait(clock, backoff.next(), this.#ended.signal);
      }
    }
  }
}
